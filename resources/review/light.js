/* The light table: one picture large, with what is known of it. Every picture everywhere opens here. */
import { $, $$, painted } from "./dom.js";
import { settled, write } from "./answers.js";
import * as crop from "./crop.js";
import { card } from "./deck.js";
import { item, of } from "./lists.js";
import { view } from "./page.js";
import { fragment } from "./talk.js";
import { toast } from "./toast.js";
import * as words from "./words.js";

const table = $(".light");
let list = ""; // the query of the list that it was opened from
let opener = null;
let returned = null; // the picture that the hand is back on, until it goes elsewhere
let shape = -1; // number of the bucket that is drawn
let asked = 0;
let coming = ""; // ident of the picture that is on its way
const ready = new Map(); // ident of a neighbour -> what would be laid, as the files are now
let answer = { said: "", until: 0 }; // the last one given here, and till when a second press is still the first one's
const SEEN = 120; // ms before which nobody has seen a picture that lay ready
let since = -Infinity; // when such a one was laid
const TWICE = 600; // ms in which a hand that presses twice means once

document.addEventListener("focusout", (event) => { if (event.target === returned && !$("dialog[open]")) returned = null; }); // a dialog gives the hand back
export const isBackOn = (element) => element === returned;
export const isOpen = () => table.open;
const laid = () => $(".laid-out", table);
const text = () => $(".words textarea", table);

export function lookCloser() {
  const at = item() || card() || view();
  const button = at.matches("[data-lay]") ? at : $("[data-lay]", at) || $("[data-lay]", view());
  if (button) open(button);
}

export function open(button) {
  const holder = button.closest("[data-part], [data-in]");
  const long = of(button);
  const all = $(".texts", view());
  list = new URLSearchParams(long ? long.query : all ? all.dataset.query : "");
  if (holder) list.set("in", holder.dataset.part || holder.dataset.in);
  return first(button, button.dataset.lay);
}

export function led() { // the page's address names a picture; once it is open, the address is the view's again
  const asked = new URLSearchParams(location.search);
  const id = asked.get("open");
  if (!id) return undefined;
  history.replaceState(null, "", location.pathname);
  list = new URLSearchParams({ in: asked.get("in") || "" });
  return first($(`[data-lay="${CSS.escape(id)}"]`, view()) || view(), id);
}

function first(from, id) {
  opener = from;
  shape = -1;
  ready.clear();
  return lay(id);
}

async function lay(id) {
  asked += 1;
  const mine = asked;
  coming = id;
  const there = ready.get(id);
  const fresh = await (there || fragment(`/light/${id}?${list}`)).catch(() => null);
  if (mine !== asked) return;
  ready.clear();
  coming = "";
  since = there ? performance.now() : -Infinity;
  if (!fresh) { if (text() && words.waits(text())) words.stay(text()); toast("This picture is not there any more.", "bad"); return; }
  const writes = words.beside(laid(), fresh);
  if (!writes) $(".on-table", table).replaceChildren(fresh);
  if (!table.open) table.showModal();
  table.scrollTop = 0;
  crop.end(table);
  draw(shape);
  if (!writes) $("h2", table).focus({ preventScroll: true });
  getReady();
}

async function getReady() { // what the next key asks for is there when it is pressed
  const mine = asked;
  await painted();
  await settled(); // what is on its way into a file is in it
  if (mine !== asked || !table.open) return;
  for (const id of new Set([laid().dataset.after, laid().dataset.before])) {
    if (id === laid().dataset.id || ready.has(id)) continue;
    const there = fragment(`/light/${id}?${list}`).catch(() => null);
    ready.set(id, there);
    there.then((fresh) => {
      const image = fresh && $("image", fresh);
      if (image) new Image().src = image.getAttribute("href");
      else ready.delete(id);
    });
  }
}

export async function again() { // a file is another one: what is written here stays
  if (!table.open || crop.going() || coming) return; // what comes is of now
  const id = laid().dataset.id;
  asked += 1;
  const mine = asked;
  ready.clear();
  const fresh = await fragment(`/light/${id}?${list}`);
  if (mine !== asked || !table.open || laid().dataset.id !== id || crop.going()) return;
  if (!fresh) return close();
  const on = document.activeElement;
  const key = table.contains(on) && on.dataset.key;
  const left = fresh.dataset.n === "0"; // its list: its place in it, from which arrows go on, stays
  for (const name of [...(left ? [] : ["light-top"]), "sight", "standing", "shapes", "about", "file-facts", "words"]) {
    const [was, now] = [$(`.${name}`, table), fresh.querySelector(`.${name}`)];
    if (name === "words" && was && $("textarea", was) && (was.contains(on) || text().value !== text().dataset.was)) continue;
    if (was && now && was.dataset.like !== now.outerHTML) { const like = now.outerHTML; was.replaceWith(now); now.dataset.like = like; }
    else if (was && !now) was.remove();
    else if (!was && now) $(".light-side", table).append(now);
  }
  const { before, after } = left ? laid().dataset : fresh.dataset;
  Object.assign(laid().dataset, fresh.dataset, { before, after });
  draw(shape);
  getReady();
  if (!table.contains(document.activeElement)) ((key && $(`[data-key="${CSS.escape(key)}"]`, table)) || $("h2", table)).focus({ preventScroll: true });
}

export async function close() {
  keep();
  table.close();
  $(".on-table", table).replaceChildren();
  await settled();
  const back = opener && opener.isConnected ? opener : opener && $(`[data-lay="${opener.dataset.lay}"]`, view());
  if (!back) return;
  back.focus();
  returned = back;
}

export function turnTo(by, write = false) {
  if (write) words.wait(text());
  else keep();
  return lay(by > 0 ? laid().dataset.after : laid().dataset.before);
}

/* --- looking */

export function draw(n) {
  const boxes = $$(".bucket", table);
  shape = n < boxes.length ? n : -1;
  boxes.forEach((b, k) => b.classList.toggle("drawn", k === shape));
  for (const b of $$("[data-shape]", table)) b.setAttribute("aria-pressed", String(Number(b.dataset.shape) === shape));
  const box = boxes[shape] || $(".part:not([hidden])", table);
  const shade = $(".shade", table);
  const [w, h] = [Number(laid().dataset.width), Number(laid().dataset.height)];
  if (!box) { shade.setAttribute("d", ""); return; }
  const [x, y, wide, high] = ["x", "y", "width", "height"].map((name, k) => parseFloat(box.getAttribute(name)) / 100 * (k % 2 ? h : w));
  shade.setAttribute("d", `M0 0H${w}V${h}H0Z M${x} ${y}h${wide}v${high}h${-wide}Z`);
}

export const nextShape = () => draw(shape + 1 < $$(".bucket", table).length ? shape + 1 : -1);

export function full(button) {
  const box = $(".pixel-by-pixel", table);
  const on = box.hidden;
  button.setAttribute("aria-pressed", String(on));
  box.hidden = !on;
  $("svg", table).classList.toggle("away", on);
  if (!on) return;
  const img = $("img", box);
  if (!img.src) {
    img.addEventListener("load", () => { // a pixel of the picture is a pixel of the screen
      img.style.width = `${img.naturalWidth / devicePixelRatio}px`;
      box.scrollTo((box.scrollWidth - box.clientWidth) / 2, (box.scrollHeight - box.clientHeight) / 2);
    }, { once: true });
    img.src = img.dataset.src;
  }
  box.focus();
}

/** The next of the pictures that a button has, in the place of the picture; after the last one the picture itself. */
export function lookAt(button) {
  const image = $("image", table);
  const looks = JSON.parse(button.dataset.looks);
  const next = looks[looks.indexOf(image.getAttribute("href")) + 1];
  for (const other of $$("[data-do=look-at]", table)) other.setAttribute("aria-pressed", String(other === button && next !== undefined));
  image.setAttribute("href", next || image.dataset.whole);
}

/** The pictures before the change on the left of the one after. */
export function beside(button) {
  const box = $(".befores", table);
  box.hidden = !box.hidden;
  button.setAttribute("aria-pressed", String(!box.hidden));
  for (const img of $$("img[data-src]", box)) img.src = img.dataset.src;
}

let grabbed = null; // at 100 %, the hand moves the picture
table.addEventListener("pointerdown", (event) => {
  const box = event.target.closest(".pixel-by-pixel");
  if (box && event.pointerType === "mouse") { grabbed = { box, x: event.clientX + box.scrollLeft, y: event.clientY + box.scrollTop }; event.preventDefault(); box.focus(); }
});
addEventListener("pointermove", (event) => { if (grabbed) grabbed.box.scrollTo(grabbed.x - event.clientX, grabbed.y - event.clientY); });
addEventListener("pointerup", () => { grabbed = null; });

/* --- answers */

export function given(button) { // of the picture that is seen, once
  const { kind, key } = button.dataset;
  if (coming || performance.now() - since < SEEN) return toast("The next picture is on its way. Press again when you see it.");
  const said = `${laid().dataset.id} ${key}`;
  if (answer.said === said && performance.now() < answer.until) return undefined;
  const mine = { said, until: Infinity };
  answer = mine;
  const values = JSON.parse(button.dataset.values);
  const over = () => { mine.until = performance.now() + ("turn" in values ? 0 : TWICE); }; // each press turns on
  return write("/answer", { kind, id: laid().dataset.id, values }, { then: over, failed: over });
}

function cropped(box) {
  return write("/answer", { kind: "crops", id: laid().dataset.id, values: { crop: box } });
}

/* --- words */

const keep = () => { if (text()) words.keep(text()); };

export function putBack() {
  words.putBack(text());
  $("h2", table).focus();
}

table.addEventListener("cancel", (event) => { event.preventDefault(); }); // keys.js knows what Esc is for
document.addEventListener("fresh", again);
export const startCrop = () => crop.start(table);
export function endCrop() { crop.end(table); draw(shape); }
export function writeCrop() { const box = crop.shares(); crop.end(table); cropped(box); }
