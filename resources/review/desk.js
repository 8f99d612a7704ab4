/* All captions: which are shown, and the one that is marked, its picture large beside its words. */
import { $, $$ } from "./dom.js";
import { here, item, named, step } from "./lists.js";
import { view } from "./page.js";
import { fragment } from "./talk.js";
import { toast } from "./toast.js";
import * as words from "./words.js";

const form = () => $("#sought", view());
const desk = () => $(".desk", view());
const laid = () => desk() && $(".on-desk", desk());
const query = () => new URLSearchParams($(".texts", view()).dataset.query);
let asked = 0;
const NEXT = "next";
let start = {}; // where seeking began: `from`: the caption, `top`: its place in the window; and `now`, the one it is at
let coming = ""; // ident of the caption that comes, NEXT while nobody knows which

export const text = () => desk() && $(".words textarea", desk());
export const seeks = () => ($(".texts", view()) ? $(".texts", view()).dataset.query : "");
export const sought = () => Object.fromEntries(query());

function written(at) { // where the page would open again
  const now = query();
  if (at) now.set("at", at);
  history.replaceState(null, "", `?${now}`);
}

const due = () => coming || (laid() ? laid().dataset.id : ""); // the caption that is to be here
const expect = (id) => { coming = id; asked += 1; return asked; };

async function lay(id) {
  if (!desk() || id === due()) return;
  const mine = expect(id);
  end(false);
  if (text()) words.keep(text());
  written(id); // a page that comes anew meanwhile comes with this one
  const fresh = await fragment(`/desk/${id}?${query()}`).catch(() => null);
  if (mine !== asked || !desk()) return;
  coming = "";
  if (!fresh) return missed();
  if (!laid()) desk().append(fresh);
  else if (!words.beside(laid(), fresh)) laid().replaceWith(fresh);
  if (desk().getBoundingClientRect().bottom < 0) desk().scrollIntoView(); // on a narrow window the list stands below
  const row = item();
  for (const near of row ? [row.nextElementSibling, row.previousElementSibling] : []) {
    const img = near && $("img", near);
    if (img) new Image().src = img.dataset.thumb.replace("/thumb", "/large"); // ready when it is turned to
  }
  document.dispatchEvent(new Event("changed")); // what could not be shown while the one before was written
}

function missed() {
  if (text() && words.waits(text())) words.stay(text());
  toast("The next caption cannot be had. Is loraprep review still running?", "bad");
}

const beside = () => getComputedStyle(desk()).position === "sticky"; // the list; on a narrow window it stands below

async function unmoved(then) { // what is marked in a list below does not move the window
  const top = window.scrollY;
  const what = await then();
  if (!beside()) window.scrollTo({ top });
  return what;
}

export async function on(by, write = false) { // to the caption before or behind, with the cursor in it if somebody writes
  if (!desk()) return step(by);
  const t = text();
  if (write) { words.wait(t); expect(NEXT); }
  const there = await unmoved(() => step(by, !write && beside()));
  if (!there && by > 0) end(true);
  if (!write) return there;
  if (!there) { expect(""); words.stay(t); }
  else if (beside()) item().scrollIntoView({ block: "nearest" });
  return there;
}

/** Behind the last caption: that it was the last, and what comes next. */
export function end(is) {
  const done = desk() && $(".done", desk());
  if (!done || (done.hidden && !is)) return;
  done.hidden = !is;
  if (is) { done.focus({ preventScroll: true }); done.scrollIntoView({ block: "nearest" }); } // on a narrow window it stands above
  document.dispatchEvent(new Event("shown"));
}

/** Whether a page can be shown while somebody writes: it has the caption that is due, and nothing else in it. */
export function goesOn(fresh) {
  const [t, there] = [text(), $(".on-desk", fresh)];
  if (!there || there.dataset.id !== due() || Number(there.dataset.n) < 0) return false; // what is written is not put out of the list meanwhile
  return words.waits(t) || (!words.dirty(t) && t.dataset.was === $("textarea", there).dataset.was);
}

export const came = () => { if (laid() && laid().dataset.id === coming) expect(""); }; // a page brought it

export async function begin(reveal) { // after the page was loaded or replaced
  const list = named("texts");
  const n = laid() ? Number(laid().dataset.n) : -1;
  if (!list || n < 0) return;
  const row = list.nodes.get(n);
  if (row && (row.isConnected || !reveal)) here(row, false);
  else if (reveal) here(await unmoved(() => list.reveal(n)), false);
}

export async function filter() {
  const given = new FormData(form());
  const only = $("[data-only][aria-pressed=true]", form());
  const of = $("[data-of]", form());
  const pairs = [["find", given.get("find")], ["not", given.get("not")], ["name", given.get("name")], ["only", only ? only.dataset.only : ""], ["of", of ? of.dataset.of : ""]];
  const now = new URLSearchParams(pairs.filter(([, value]) => value.trim()));
  $(".texts", view()).dataset.query = String(now);
  $("[data-do=everything]", form()).hidden = !String(now);
  written(laid() ? laid().dataset.id : ""); // a page that comes anew meanwhile comes with these
  const list = named("texts");
  if (!list) return;
  const id = laid() && laid().dataset.id;
  if (!id || start.now !== id) start = { from: id, now: id, top: item() ? item().getBoundingClientRect().top : 0 };
  await list.search(String(now));
  if (String(query()) !== String(now)) return; // somebody typed on
  const same = id && (await fragment(`/desk/${start.from}?${now}`)); // it stays if it is sought, too; else its neighbour comes
  if (String(query()) !== String(now)) return;
  const row = list.total && await list.reveal(same ? Math.max(Number(same.dataset.n), Number(same.dataset.near)) : 0);
  if (row) {
    start.now = row.dataset.row;
    if (start.top > 0 && start.top < innerHeight) window.scrollBy({ top: row.getBoundingClientRect().top - start.top });
    here(row, false);
  }
  written(start.now);
  const [was, place] = row && laid() && same && laid().dataset.id === same.dataset.id ? [$(".place > span", laid()), $(".place > span", same)] : [];
  if (was && place) was.replaceWith(place); // its words are not touched: they may be on their way
}

export function only(button) {
  for (const b of $$("[data-only]", form())) b.setAttribute("aria-pressed", String(b === button && b.getAttribute("aria-pressed") !== "true"));
  return filter();
}

export function everything() { // around the one that was found
  start = {};
  form().reset();
  for (const input of $$("input", form())) input.value = "";
  if ($("[data-of]", form())) $("[data-of]", form()).remove();
  for (const b of $$("[data-only]", form())) b.setAttribute("aria-pressed", "false");
  return filter();
}

export function saying(term) {
  const input = $("#search", form());
  input.value = input.value === term ? "" : term;
  return filter();
}

function counted() {
  const list = named("texts");
  if (list && $("[data-shown]", view())) $("[data-shown]", view()).textContent = list.total;
}

document.addEventListener("listed", counted);
document.addEventListener("here", (event) => { if (event.detail.dataset.row) lay(event.detail.dataset.row); });
document.addEventListener("kept", ({ detail }) => { // the row says so before the page comes anew
  const row = $(`[data-row="${detail.id}"]`, view());
  if (row) { $(".text", row).textContent = detail.text; $("[data-origin]", row).textContent = "yours"; }
});
document.addEventListener("input", (event) => {
  if (event.target.closest("#sought")) filter();
  if (event.target === text()) end(false);
});
