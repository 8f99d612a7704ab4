/* One question at a time. The server lays out those around the one looked at; the next open ones lie ready. */
import { $, $$, painted } from "./dom.js";
import { view } from "./page.js";
import { here, item, items } from "./lists.js";

let at = ""; // ident of the card shown
const given = new Set(); // idents answered here that the server has not shown as answered yet
let laid = 0; // open questions that the server laid out
let fetching = () => {};

export const cards = () => $$(".card[data-onward]", view());
const open = () => cards().filter((c) => c.dataset.state === "open");
export const card = () => cards().find((c) => c.dataset.id === at) || null;
export const place = () => at;
export const onMissing = (fetch) => { fetching = fetch; };

export function begin(wanted, focus) { // after the page was loaded or replaced
  const deck = $(".deck", view());
  at = wanted || (deck ? deck.dataset.at : "");
  laid = open().length;
  for (const c of cards()) if (given.has(c.dataset.id)) c.dataset.state = "answered";
  if (deck && !card()) at = deck.dataset.at;
  if (card()) show(at, focus);
}

export function show(id, focus = true) {
  at = id;
  const now = card();
  if (!now) return fetching(id);
  for (const c of cards()) c.hidden = c !== now;
  for (const b of $$("[data-go]", view())) {
    const here = b.dataset.go === at;
    b.toggleAttribute("aria-current", here);
    if (here) b.parentElement.scrollLeft = b.offsetLeft - b.parentElement.clientWidth / 2;
  }
  const query = new URLSearchParams(location.search); // whether each is looked at by itself stays
  query.set("at", at);
  history.replaceState(null, "", `?${query}`);
  if (focus) now.focus({ preventScroll: true });
  window.scrollTo({ top: 0 });
  if (!item() && items().length) here(items()[0], false);
  painted().then(() => { for (const c of cards()) if (c !== now) for (const img of $$("img.large[src]", c)) new Image().src = img.src; }); // ready when it is turned to
  document.dispatchEvent(new Event("shown"));
}

export function turn(step) {
  const now = card();
  if (now) show(step > 0 ? now.dataset.after : now.dataset.before);
}

export function answered(id) {
  given.add(id);
  const c = cards().find((x) => x.dataset.id === id);
  if (!c || c.dataset.state === "answered") return;
  c.dataset.state = "answered";
  for (const b of $$("[data-key=Enter]", c)) { // the same key goes on from here
    b.removeAttribute("data-key");
    if ($("kbd", b)) $("kbd", b).remove();
  }
}

export const unanswered = (id) => given.delete(id);
export const forget = () => given.clear();

export function onward() { // to the next that is open; else say that all are done
  const all = new Map(cards().map((c) => [c.dataset.id, c]));
  const closed = (id) => given.has(id) || (all.has(id) && all.get(id).dataset.state !== "open");
  const seen = new Set();
  let next = card() && card().dataset.onward;
  while (next && closed(next) && !seen.has(next)) { seen.add(next); next = all.has(next) ? all.get(next).dataset.onward : ""; }
  if (next && !closed(next)) return show(next);
  const done = $(".done", view());
  if (!done || (next && !all.has(next))) return undefined; // the server knows better
  done.hidden = false;
  done.focus({ preventScroll: true });
  document.dispatchEvent(new Event("shown"));
  return window.scrollTo({ top: 0 });
}

export const short = () => open().filter((c) => !given.has(c.dataset.id)).length < 3 && laid < Number($(".deck", view()).dataset.open); // few lie ready, and the server has more
