/* Keys press the buttons that show them. A key never answers what nobody sees. */
import { $, $$, inView, made } from "./dom.js";
import * as complete from "./complete.js";
import * as crop from "./crop.js";
import { card, cards, turn } from "./deck.js";
import * as desk from "./desk.js";
import * as light from "./light.js";
import { across, item, items } from "./lists.js";
import { view } from "./page.js";
import { backBeside } from "./looks.js";
import { isBehind, unasked } from "./refresh.js";
import { toast } from "./toast.js";
import * as words from "./words.js";

const ANSWERS = "[data-values], [data-toggle], [data-out], [data-pin], [data-key=Enter]";
const PAUSE = 600; // ms without a key after which a sentence is over
const NAMED = { Enter: "↵", Escape: "Esc", ArrowLeft: "←", ArrowRight: "→", " ": "Space" };
const spelled = (key) => NAMED[key] || (key.length > 1 ? key : key === key.toLowerCase() ? key.toUpperCase() : `⇧${key}`);

const topmost = () => $(".conflict[open]") || $(".keys[open]") || $(".change[open]") || $(".light[open]");

export function keyed() { // the buttons that a key can press now, nearest first
  const box = topmost();
  if (box) return $$("[data-key], [data-code]", box).filter((b) => b.offsetParent !== null);
  const done = $(".done:not([hidden])", view());
  const places = [item(), card(), done, ...$$(".hero, .desk, .tools", view()), $(".progress:not([hidden])"), $(".top"), $(".foot")];
  return [...new Set(places.filter(Boolean).flatMap((place) => $$("[data-key], [data-code]", place)))].filter((b) => b.offsetParent !== null);
}

const moves = () => (items().length ? "One back, one on" : cards().length > 1 ? "The question before, the next one" : "");

/** The picture that is marked by itself: Enter opens it where no button has that key. */
function alone() {
  const at = item();
  const all = at ? $$("[data-lay]", at) : [];
  return all.length === 1 && !keyed().some((b) => b.dataset.key === "Enter") ? all[0] : null;
}

/** Of several buttons with one key the nearest has it, and it alone shows it. */
export function shown() {
  const first = new Map();
  for (const b of keyed()) if (b.dataset.key && !first.has(b.dataset.key)) first.set(b.dataset.key, b);
  for (const b of $$("[data-key]", topmost() || document)) b.classList.toggle("outdone", first.has(b.dataset.key) && first.get(b.dataset.key) !== b && !b.closest("[data-item]:not(.here)"));
  $(".moves").hidden = !moves();
}

export function keysBesideButtons() { // for who listens to the page; and the place in the menu
  shown();
  for (const b of $$("[data-key]")) b.setAttribute("aria-keyshortcuts", b.dataset.key.length === 1 && b.dataset.key !== b.dataset.key.toLowerCase() ? `Shift+${b.dataset.key}` : b.dataset.key);
  const here = $(".top nav [aria-current]");
  if (here) here.closest("nav").scrollLeft = here.offsetLeft - 40;
}

export function table() { // every key that does something now, and what
  const list = $(".keys dl");
  const under = topmost() ? Object.values(OVER).map((name) => $(`.foot [data-do=${name}]`)) : [];
  const cropping = crop.going() && topmost();
  const rows = [...keyed().filter((b) => !cropping || b.closest(".crop-actions")), ...under].map((b) => {
    const key = $("kbd", b) ? $("kbd", b).textContent : spelled(b.dataset.key);
    const named = b.labels && b.labels[0] ? b.labels[0] : b;
    const said = b.getAttribute("aria-label") || [...named.childNodes].filter((n) => !["KBD", "B"].includes(n.nodeName)).map((n) => n.textContent).join(" ").trim();
    return [key, said.replace(/\s+/g, " ")];
  });
  const seen = new Set();
  const first = rows.filter(([key]) => !seen.has(key) && seen.add(key)); // the nearest has the key
  const more = cropping ? [["←↑→↓", "Move the box"], ["⇧ ←↑→↓", "Make the box larger or smaller"]] : topmost() ? [] : [...(moves() ? [["← →", moves()]] : []), ...(alone() ? [["↵", "Look closer"]] : [])];
  const place = cropping ? $(".crop-actions", cropping) : topmost() || view();
  for (const e of $$("[data-tell]", place)) if (e.closest(".card[hidden]") === null) more.push(e.dataset.tell.split("|"));
  if ($(".words", place)) more.push(["↵", "While you write: saved, and on to the next"], ["← →", "On a tag: to the one before, the next one"]);
  list.replaceChildren(...[...first, ...more].flatMap(([key, said]) => [made("dt", key), made("dd", said)]));
  $(".keys").showModal();
}

function seen(button) { // else it is brought into the window first
  const holder = button.closest("[data-item]") || button.closest(".card, .done, .hero");
  if (!holder || !view().contains(holder) || inView(holder)) return true;
  holder.scrollIntoView({ block: "nearest" });
  if (!inView(holder)) holder.scrollIntoView({ block: "start" });
  toast("Here is what that key answers. Press it again if you mean it.");
  return false;
}

const arrows = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

async function arrow(by) {
  if (await desk.on(by)) return;
  if (card()) turn(by);
}

function inBox(event, box) {
  if (event.target.matches("[data-complete]") && complete.key(event, event.target)) return;
  if (event.target.matches("input:not([type=checkbox], [type=radio])") && event.key !== "Escape") {
    if (event.key === "Enter") { event.preventDefault(); if (!event.repeat) onward(event.target, box); }
    return;
  }
  if (event.key === "Enter" && event.target.matches("button")) { if (event.repeat) event.preventDefault(); return; }
  const mine = $$("[data-key]", box).find((b) => b.dataset.key === event.key || b.dataset.key === event.key.toLowerCase());
  if (mine && !event.repeat) { event.preventDefault(); mine.click(); }
}

function onward(field, box) { // to the next field; from the last what is shown below is written
  const fields = $$("input:not([type=checkbox], [type=radio])", box).filter((i) => i.offsetParent !== null);
  const next = fields[fields.indexOf(field) + 1];
  if (next) next.focus();
  else $(".primary", box).click();
}

function onChip(event, chip) { // true if the key was for a tag
  if (event.key in arrows) {
    event.preventDefault();
    words[event.shiftKey ? "move" : "step"](chip.closest(".words"), arrows[event.key]);
    return true;
  }
  const key = ["Delete", "Backspace"].includes(event.key) ? "x" : event.key === "Escape" ? event.key : "";
  if (!key || event.repeat) return false;
  event.preventDefault();
  if (key === "x") $("[data-do=chip-out]", chip.closest(".words")).click();
  else { words.unmark(chip.closest(".words")); chip.blur(); if (item()) item().focus({ preventScroll: true }); }
  return true;
}

function adding(event, input) {
  if (complete.key(event, input)) return;
  if (event.key === "Escape") { event.preventDefault(); if (input.value) input.value = ""; else leave(input); }
}

function leave(field) { // the hand off it
  field.blur();
  const to = $(".light[open]") ? $("#light-title") : item();
  if (to) to.focus({ preventScroll: true });
}

const pressable = (all, event) => all.find((b) => (event.shiftKey && b.dataset.code ? b.dataset.code === event.code : b.dataset.key === event.key));

const OVER = { z: "undo", Z: "redo", "?": "keys" }; // what the foot of the page offers, over the light table, too

function atTheTable(event, on) {
  if (on.matches("input")) return adding(event, on);
  if (on.matches("[data-piece]") && onChip(event, on)) return;
  if (on.matches("textarea")) {
    if (event.key === "Escape") { event.preventDefault(); light.putBack(); }
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); if (!event.repeat) entered(on, () => light.turnTo(1, true)); }
    return;
  }
  if ((event.key === "Enter" || event.key === " ") && on.matches("button, a, summary")) { if (event.repeat) event.preventDefault(); return; }
  if (crop.going() && event.key in arrows) { event.preventDefault(); crop.key(event.key, event.shiftKey); return; }
  if (event.key in arrows && on.matches(".pixel-by-pixel") && event.shiftKey) return; // the browser moves it
  if (event.key === " ") { event.preventDefault(); if (!event.repeat) light.close(); return; }
  const name = OVER[event.key];
  const now = keyed().filter((b) => !crop.going() || b.closest(".crop-actions"));
  const found = name ? $(`.foot [data-do=${name}]`) : pressable(now, event) || now.find((b) => b.dataset.key.length === 1 && b.dataset.key === event.key.toLowerCase());
  if (!found) return;
  event.preventDefault();
  if (event.repeat && !found.dataset.turnTo) return;
  found.click();
}

let wrote = -Infinity; // when a key last went into a caption
addEventListener("pointerdown", () => { wrote = -Infinity; }, true);

/** Whether a key belongs to a caption that somebody writes: a hand gives no commands in the middle of a sentence, wherever
    the cursor went. */
function ofASentence(event) {
  const writing = event.target.matches("textarea");
  const letter = event.key.length === 1 && !event.target.matches("input");
  const goesOn = letter && event.timeStamp - wrote < PAUSE;
  if (writing || goesOn) wrote = event.timeStamp;
  if (["Escape", "Tab"].includes(event.key)) wrote = -Infinity;
  return goesOn && !writing;
}

function entered(t, then) { // a second Enter before the next one is there: nothing more is written till it is
  if (words.waits(t)) t.readOnly = true;
  else then();
}

function pressed(event) {
  if ((event.ctrlKey || event.metaKey) && event.key === "a" && words.waits(event.target)) words.allOf(event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (ofASentence(event)) { event.preventDefault(); return; }
  const on = event.target;
  const box = topmost();
  if (box) return box.matches(".light") ? atTheTable(event, on) : inBox(event, box);
  if (on.matches("[data-complete]")) return adding(event, on);
  if (on.matches("[data-piece]") && onChip(event, on)) return;
  if (on.matches("textarea")) {
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); if (!event.repeat) entered(on, () => saved(on)); }
    if (event.key === "Escape") { event.preventDefault(); words.putBack(on); leave(on); }
    return;
  }
  if (on.matches("input")) {
    if (event.key === "Escape") { // out of it, and what was sought with it
      event.preventDefault();
      if (on.type === "search" && on.value) { on.value = ""; on.dispatchEvent(new Event("input", { bubbles: true })); }
      leave(on);
    }
    if (event.key === "Enter" && on.type === "search") { event.preventDefault(); leave(on); }
    return;
  }
  const shownHere = event.key === "Enter" && light.isBackOn(on) && pressable(keyed(), event); // a hand that was put there means what is shown
  if ((event.key === "Enter" || event.key === " ") && on.matches("button, a, summary") && !shownHere) { // the browser presses it, but once
    if (event.repeat) event.preventDefault();
    return;
  }
  if (event.key in arrows && (items().length || !event.key.match("Up|Down"))) { event.preventDefault(); if (!event.key.match("Up|Down") || !across(arrows[event.key])) arrow(arrows[event.key]); return; }
  const found = pressable(keyed(), event) || (event.key === "Enter" && alone());
  if (!found && event.key === "Escape" && backBeside(card())) { event.preventDefault(); return; }
  if (!found) return;
  event.preventDefault();
  if (found.matches(ANSWERS) && (event.repeat || unasked() || isBehind() || !seen(found))) return; // held down, or not looked at
  if (found.matches("input")) found.focus(); else found.click();
}

function saved(t) { // Enter while somebody writes: these words, and on
  if (t === desk.text()) return desk.on(1, true);
  const save = $$("[data-key=Enter]", t.closest(".card")).find((b) => !b.hidden);
  t.blur();
  if (save) save.click();
  const next = card();
  if (next && !next.contains(t) && $("textarea", next)) words.toEnd($("textarea", next));
  return undefined;
}

export function listen() {
  document.addEventListener("keydown", pressed);
  for (const name of ["shown", "touched", "here"]) document.addEventListener(name, shown);
}
