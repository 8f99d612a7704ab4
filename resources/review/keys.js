/* Keys press the buttons that show them. A key never answers what nobody sees. */
import { $, $$, inView, made } from "./dom.js";
import { putBack, saveText } from "./captions.js";
import * as crop from "./crop.js";
import { card, turn } from "./deck.js";
import * as light from "./light.js";
import { item, items, step } from "./lists.js";
import { view } from "./page.js";
import { isBehind, unasked } from "./refresh.js";
import { search } from "./texts.js";
import { toast } from "./toast.js";

const ANSWERS = "[data-values], [data-toggle], [data-out], [data-pin], [data-key=Enter]";
const NAMED = { Enter: "↵", Escape: "Esc" };

const topmost = () => $(".conflict[open]") || $(".keys[open]") || $(".light[open]");

export function keyed() { // the buttons that a key can press now, nearest first
  const box = topmost();
  if (box) return $$("[data-key], [data-code]", box).filter((b) => b.offsetParent !== null);
  const done = $(".done:not([hidden])", view());
  const places = [item(), card(), done, ...$$(".hero", view()), $(".progress:not([hidden])"), $(".top"), $(".foot")];
  return [...new Set(places.filter(Boolean).flatMap((place) => $$("[data-key], [data-code]", place)))].filter((b) => b.offsetParent !== null);
}

export function keysBesideButtons() { // for who listens to the page; and the place in the menu
  for (const b of $$("[data-key]")) b.setAttribute("aria-keyshortcuts", b.dataset.key.length === 1 && b.dataset.key !== b.dataset.key.toLowerCase() ? `Shift+${b.dataset.key}` : b.dataset.key);
  const here = $(".top nav [aria-current]");
  if (here) here.parentElement.scrollLeft = here.offsetLeft - 40;
}

export function table() { // every key that does something now, and what
  const list = $(".keys dl");
  const under = topmost() ? Object.values(OVER).map((name) => $(`.foot [data-do=${name}]`)) : [];
  const rows = [...keyed(), ...under].map((b) => {
    const key = $("kbd", b) ? $("kbd", b).textContent : NAMED[b.dataset.key] || b.dataset.key;
    const words = b.getAttribute("aria-label") || [...b.childNodes].filter((n) => n.nodeName !== "KBD").map((n) => n.textContent).join(" ").trim();
    return [key, words.replace(/\s+/g, " ")];
  });
  const seen = new Set();
  const first = rows.filter(([key]) => !seen.has(key) && seen.add(key)); // the nearest has the key
  const more = topmost() ? [] : [["← →", items().length ? "One back, one on" : "The question before, the next one"]];
  if (search() && !topmost()) more.push(["/", "Search"]);
  list.replaceChildren(...[...first, ...more].flatMap(([key, words]) => [made("dt", key), made("dd", words)]));
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
  if (!(await step(by)) && card()) turn(by);
}

function inBox(event, box) {
  const mine = $$("[data-key]", box).find((b) => b.dataset.key === event.key.toLowerCase());
  if (mine && !event.repeat) { event.preventDefault(); mine.click(); }
}

const OVER = { z: "undo", Z: "redo", "?": "keys" }; // what the foot of the page offers, over the light table, too

function atTheTable(event, on) {
  if (on.matches("textarea, input")) {
    if (event.key === "Escape") { event.preventDefault(); light.putBack(); }
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); if (!event.repeat) light.turnTo(1).then(light.writing); }
    return;
  }
  if ((event.key === "Enter" || event.key === " ") && on.matches("button, a, summary")) { if (event.repeat) event.preventDefault(); return; }
  if (crop.going() && event.key in arrows) { event.preventDefault(); crop.key(event.key, event.shiftKey); return; }
  if (event.key in arrows && on.matches(".pixel-by-pixel") && event.shiftKey) return; // the browser moves it
  if (event.key === " ") { event.preventDefault(); if (!event.repeat) light.close(); return; }
  const name = OVER[event.key];
  const now = keyed().filter((b) => !crop.going() || b.closest(".crop-actions"));
  const found = name ? $(`.foot [data-do=${name}]`) : now.find((b) => b.dataset.key === event.key || (b.dataset.key.length === 1 && b.dataset.key === event.key.toLowerCase()));
  if (!found) return;
  event.preventDefault();
  if (event.repeat && !found.dataset.turnTo) return;
  found.click();
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const on = event.target;
  const box = topmost();
  if (box) return box.matches(".light") ? atTheTable(event, on) : inBox(event, box);
  if (on.matches("textarea")) {
    if (event.key === "Enter") { event.preventDefault(); if (!event.repeat) saveText(on); }
    if (event.key === "Escape") putBack(on);
    return;
  }
  if (on.matches("input")) {
    if (event.key === "Escape") { if (on === search() && on.value) return; on.blur(); if (item()) item().focus(); }
    return;
  }
  if ((event.key === "Enter" || event.key === " ") && on.matches("button, a, summary")) { // the browser presses it, but once
    if (event.repeat) event.preventDefault();
    return;
  }
  if (event.key in arrows && (items().length || !event.key.match("Up|Down"))) { event.preventDefault(); arrow(arrows[event.key]); return; }
  if (event.key === "/" && search()) { event.preventDefault(); search().focus(); return; }
  const found = keyed().find((b) => (event.shiftKey && b.dataset.code ? b.dataset.code === event.code : b.dataset.key === event.key));
  if (!found) return;
  event.preventDefault();
  if (found.matches(ANSWERS) && (event.repeat || unasked() || isBehind() || !seen(found))) return; // held down, or not looked at
  found.click();
}

export const listen = () => document.addEventListener("keydown", pressed);
