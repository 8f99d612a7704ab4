/* Small pictures, a few at a time: a browser has six ways to one server, and a key must find one that is free. Those that
   were there before are there again at once. */
import { $$ } from "./dom.js";

const AT_ONCE = 3; // the server draws two, and one is on its way
const waiting = new Set(); // near the window, in the order in which they came there
const there = new Set(); // addresses of those that came
let coming = 0;

const sight = new IntersectionObserver((seen) => {
  for (const { target, isIntersecting } of seen) {
    if (isIntersecting) waiting.add(target);
    else waiting.delete(target);
  }
  next();
}, { rootMargin: "300px" });

function show(img) {
  sight.unobserve(img);
  waiting.delete(img);
  img.src = img.dataset.thumb;
}

function next() {
  for (const img of waiting) {
    if (coming >= AT_ONCE) return;
    coming += 1;
    const ended = () => { coming -= 1; there.add(img.dataset.thumb); next(); };
    img.addEventListener("load", ended, { once: true });
    img.addEventListener("error", ended, { once: true });
    show(img);
  }
}

function expect(root) {
  const found = $$("img[data-thumb]:not([src])", root);
  if (root.matches("img[data-thumb]:not([src])")) found.push(root);
  for (const img of found) {
    if (there.has(img.dataset.thumb)) show(img);
    else sight.observe(img);
  }
}

export function watch() {
  expect(document.body);
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) for (const node of addedNodes) if (node.nodeType === Node.ELEMENT_NODE) expect(node);
  }).observe(document.body, { subtree: true, childList: true });
}
