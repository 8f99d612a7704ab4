/* All captions: which are shown, and the one that is marked, its picture large beside its words. */
import { $, $$ } from "./dom.js";
import { here, item, named, step } from "./lists.js";
import { view } from "./page.js";
import { fragment } from "./talk.js";
import { keep, toEnd } from "./words.js";

const form = () => $("#sought", view());
const desk = () => $(".desk", view());
const laid = () => desk() && $(".on-desk", desk());
const query = () => new URLSearchParams($(".texts", view()).dataset.query);
let asked = 0;
let wanted = ""; // ident of the caption that comes

export const text = () => desk() && $(".words textarea", desk());
export const sought = () => Object.fromEntries(query());

function written(at) { // where the page would open again
  const now = query();
  if (at) now.set("at", at);
  history.replaceState(null, "", `?${now}`);
}

async function lay(id) {
  if (!desk() || (laid() && laid().dataset.id === id && !wanted)) return;
  if (text()) keep(text());
  asked += 1;
  wanted = id;
  const mine = asked;
  const fresh = await fragment(`/desk/${id}?${query()}`);
  if (mine !== asked || !fresh || !desk()) return;
  wanted = "";
  desk().replaceChildren(fresh);
  if (desk().getBoundingClientRect().bottom < 0) desk().scrollIntoView(); // on a narrow window the list stands below
  written(id);
  const row = item();
  for (const near of row ? [row.nextElementSibling, row.previousElementSibling] : []) {
    const img = near && $("img", near);
    if (img) new Image().src = img.getAttribute("src").replace("/thumb", "/large"); // ready when it is turned to
  }
}

export async function on(by, write = false) { // to the caption before or behind
  if (!(await step(by))) return;
  await lay(item().dataset.row);
  if (write && text()) toEnd(text());
}

export async function begin(reveal) { // after the page was loaded or replaced
  const list = named("texts");
  const n = laid() ? Number(laid().dataset.n) : -1;
  if (!list || n < 0) return;
  const row = list.nodes.get(n);
  if (row && row.isConnected) here(row, false);
  else if (reveal) here(await list.reveal(n), false);
}

export async function filter() {
  const given = new FormData(form());
  const only = $("[data-only][aria-pressed=true]", form());
  const of = $("[data-of]", form());
  const pairs = [["find", given.get("find")], ["not", given.get("not")], ["only", only ? only.dataset.only : ""], ["of", of ? of.dataset.of : ""]];
  const now = new URLSearchParams(pairs.filter(([, value]) => value.trim()));
  $(".texts", view()).dataset.query = String(now);
  $("[data-do=everything]", form()).hidden = !String(now);
  const list = named("texts");
  if (!list) return;
  await list.search(String(now));
  if (String(query()) !== String(now)) return; // somebody typed on
  const id = laid() && laid().dataset.id;
  const same = id && (await fragment(`/desk/${id}?${now}`)); // what is on the desk stays there if it is sought, too
  const n = same ? Number(same.dataset.n) : -1;
  const row = n < 0 ? list.nodes.get(0) : await list.reveal(n);
  if (row) here(row, false);
  written(row ? row.dataset.row : "");
  const [was, place] = laid() && n >= 0 ? [$(".place > span", laid()), $(".place > span", same)] : [];
  if (was && place) was.replaceWith(place); // its words are not touched: they may be on their way
}

export function only(button) {
  for (const b of $$("[data-only]", form())) b.setAttribute("aria-pressed", String(b === button && b.getAttribute("aria-pressed") !== "true"));
  return filter();
}

export function everything() {
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
document.addEventListener("input", (event) => { if (event.target.closest("#sought")) filter(); });
