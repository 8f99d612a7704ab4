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

/** Ends once what was shown last is on the screen: what is got ready beforehand waits for that. */
export const painted = () => new Promise((go) => { requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(go))); });

export const quiet = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/* Makes `old` what `fresh` is, all but `kept`, which stays where it is: a field that is moved loses the hand that writes
   in it. `place`: what stands for it in `fresh`. */
export function around(old, fresh, kept, place) {
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of [...fresh.attributes]) old.setAttribute(name, value);
  const [mine, theirs] = [[old, kept], [fresh, place]].map(([from, what]) => [...from.childNodes].find((n) => n.contains(what)));
  for (const node of [...old.childNodes]) if (node !== mine) node.remove();
  const nodes = [...fresh.childNodes];
  nodes.forEach((node, n) => { if (node !== theirs) old.insertBefore(node, n < nodes.indexOf(theirs) ? mine : null); });
  if (mine !== kept) around(mine, theirs, kept, place);
}
