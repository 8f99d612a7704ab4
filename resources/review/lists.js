/* Long lists: only what is in the window is in the page. Every item of a list is as high as its first. */
import { $, $$ } from "./dom.js";
import { view } from "./page.js";
import { part } from "./talk.js";

const AT_ONCE = 48; // as the server gives them
const OVER = 700; // px above and below the window that are ready
let lists = [];

class Long {
  constructor(element, old) {
    this.element = element;
    this.part = element.dataset.part;
    this.total = Number(element.dataset.total);
    this.query = element.dataset.query || ""; // which of its items are sought
    this.nodes = old && old.query === this.query ? old.nodes : new Map(); // number -> element; what is shown again is asked for again
    this.asked = new Set();
    this.turn = 0;
    this.take(0, [...element.children]);
  }

  take(from, items) {
    items.forEach((item, n) => this.nodes.set(from + n, item));
    if (items.length >= Math.min(AT_ONCE, this.total - from)) this.asked.add(Math.floor(from / AT_ONCE)); // a card has only its first
  }

  measured() {
    const first = this.nodes.get(0) || this.element.firstElementChild;
    if (first && !first.isConnected && !this.height) this.element.replaceChildren(first);
    const style = getComputedStyle(this.element);
    this.columns = style.display === "grid" ? style.gridTemplateColumns.split(" ").length : 1;
    const shown = this.element.firstElementChild;
    if (shown && shown.offsetHeight) this.height = shown.offsetHeight + (parseFloat(style.rowGap) || 0);
  }

  layout() {
    if (!this.element.isConnected || this.element.offsetParent === null) return;
    if (this.total <= AT_ONCE && this.element.children.length === this.total && this.fresh) return;
    this.measured();
    if (!this.height) return;
    const top = this.element.getBoundingClientRect().top;
    const rows = Math.ceil(this.total / this.columns);
    const from = Math.max(0, Math.min(rows, Math.floor((-top - OVER) / this.height)));
    const to = Math.max(from, Math.min(rows, Math.ceil((innerHeight + OVER - top) / this.height)));
    const first = from * this.columns;
    const last = Math.min(this.total, to * this.columns);
    for (let c = Math.floor(first / AT_ONCE); c * AT_ONCE < last; c += 1) this.ask(c);
    const wanted = [];
    for (let n = first; n < last; n += 1) if (this.nodes.has(n)) wanted.push(this.nodes.get(n));
    const stays = new Set(wanted);
    for (const e of [...this.element.children]) if (!stays.has(e)) e.remove();
    wanted.forEach((e, n) => { const now = this.element.children[n]; if (now !== e) this.element.insertBefore(e, now || null); }); // what stays is not moved: somebody may be pressing it
    this.element.style.paddingTop = `${from * this.height}px`;
    this.element.style.paddingBottom = `${Math.max(0, rows - to) * this.height}px`;
    this.fresh = true;
  }

  async ask(chunk) {
    if (this.asked.has(chunk)) return;
    this.asked.add(chunk);
    const turn = this.turn;
    const { total, items } = await part(this.part, chunk * AT_ONCE, this.query);
    if (turn !== this.turn || !this.element.isConnected) return;
    this.total = total;
    this.take(chunk * AT_ONCE, items);
    const was = item();
    const held = was && was.contains(document.activeElement);
    this.layout();
    if (was && !known(was)) {
      const same = [...this.nodes.values()].find((i) => was.dataset.id && i.dataset.id === was.dataset.id); // its number may be another one now
      (held ? here : mark)(same || this.nodes.get(Number(was.dataset.n)));
    }
    document.dispatchEvent(new Event("listed"));
  }

  async search(query) {
    this.query = query;
    this.element.dataset.query = query;
    this.turn += 1;
    this.asked = new Set([0]);
    const turn = this.turn;
    const { total, items } = await part(this.part, 0, query);
    if (turn !== this.turn) return;
    this.nodes = new Map();
    this.total = total;
    this.take(0, items);
    this.fresh = false;
    this.element.replaceChildren(...items);
    this.layout();
    document.dispatchEvent(new Event("listed"));
  }

  async reveal(n) { // the item with that number, in the window
    this.measured();
    if (!this.nodes.has(n) || !this.nodes.get(n).isConnected) {
      const top = this.element.getBoundingClientRect().top + scrollY + Math.floor(n / this.columns) * this.height;
      window.scrollTo({ top: top - innerHeight / 2 });
      this.layout();
      for (let tries = 0; !this.nodes.has(n) && tries < 100; tries += 1) await new Promise((r) => setTimeout(r, 20));
      this.layout();
    }
    return this.nodes.get(n) || null;
  }
}

export function begin() { // after the page was loaded or replaced
  const old = new Map(lists.map((l) => [l.part, l]));
  lists = $$(".long", view()).map((element) => new Long(element, old.get(element.dataset.part)));
  layout();
}

export const layout = () => lists.forEach((l) => l.layout());
const within = (list, i) => list.element.isConnected && list.nodes.get(Number(i.dataset.n)) === i;
export const of = (element) => lists.find((l) => l.element.contains(element) || within(l, element)) || null;
export const named = (name) => lists.find((l) => l.part === name) || null;

/* --- the item that keys are for */

export const items = () => $$("[data-item]", view()).filter((i) => !i.closest("[hidden]"));
let marked = null; // stays so while its list is scrolled away from it, and it is out of the page
const known = (i) => (i.isConnected ? view().contains(i) && !i.closest("[hidden]") : lists.some((l) => within(l, i)));
export const item = () => (marked && known(marked) ? marked : null);

export function sameAs(id) { // what stands for it now, also where it is scrolled away
  const is = (i) => (i.dataset.id || i.dataset.picture) === id;
  return items().find(is) || lists.flatMap((l) => [...l.nodes.values()]).find((i) => i.matches("[data-item]") && is(i));
}

function mark(target) {
  if (marked) { marked.classList.remove("here"); if (marked.ariaSelected) { marked.ariaSelected = "false"; marked.tabIndex = -1; } }
  marked = target || null;
  if (!target) return;
  target.classList.add("here");
  if (target.ariaSelected) { target.ariaSelected = "true"; target.tabIndex = 0; }
  document.dispatchEvent(new CustomEvent("here", { detail: target }));
}

export function here(target, focus = true) {
  mark(target);
  if (target && focus) { target.focus({ preventScroll: true }); target.scrollIntoView({ block: "nearest" }); }
}

export async function step(by, focus = true) { // to the item before or behind; false if there is none
  const now = item();
  const all = items();
  const list = now && of(now);
  if (!list) {
    const to = all[all.indexOf(now) + by];
    if (to) here(to, focus);
    return Boolean(to);
  }
  const n = Number(now.dataset.n) + by;
  if (n < 0 || n >= list.total) return false;
  const to = await list.reveal(n);
  here(to, focus);
  return Boolean(to);
}

export function across(by) { // in a table, to the nearest in a row above or below; false where there is none
  const now = item();
  if (!now || !now.matches("td")) return false;
  const row = now.parentElement.rowIndex;
  const far = (i) => 2 * Math.abs(i.parentElement.rowIndex - row) + Math.abs(i.cellIndex - now.cellIndex);
  const there = items().filter((i) => (i.parentElement.rowIndex - row) * by > 0).sort((a, b) => far(a) - far(b));
  if (there.length) here(there[0]);
  return true;
}

let waiting = false;
export function watch() {
  const soon = () => { if (!waiting) { waiting = true; requestAnimationFrame(() => { waiting = false; layout(); }); } };
  addEventListener("scroll", soon, { passive: true });
  addEventListener("resize", soon);
  document.addEventListener("shown", soon);
}
