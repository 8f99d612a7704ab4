/* Short names for what every module does with elements. Texts are only ever set as text. */
export const $ = (query, from = document) => from.querySelector(query);
export const $$ = (query, from = document) => [...from.querySelectorAll(query)];

export function made(tag, text, more = {}) {
  const element = Object.assign(document.createElement(tag), more);
  if (text !== null) element.textContent = text;
  return element;
}

export function inView(element) { // enough of it to know what it is
  const r = element.getBoundingClientRect();
  const top = $(".top").getBoundingClientRect().bottom;
  const seen = Math.min(r.bottom, innerHeight) - Math.max(r.top, Math.max(0, top));
  return seen >= Math.min(r.height, innerHeight - top) * 0.4;
}

export const quiet = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
