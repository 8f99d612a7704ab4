/* The page anew, whenever a file is another one: what somebody writes, where they are and what they see stays. */
import { $, $$ } from "./dom.js";
import { replaceView, view } from "./page.js";
import { page } from "./talk.js";
import * as deck from "./deck.js";
import * as lists from "./lists.js";
import { look } from "./looks.js";
import * as desk from "./desk.js";
import * as words from "./words.js";
import { keysBesideButtons } from "./keys.js";

let behind = false; // a file changed while somebody wrote
let number = 0;
let wanted = ""; // a question that is not laid out here
let changed = -Infinity; // when the question in view became another one by itself

export const unasked = () => performance.now() - changed < 600; // too early for a key to mean what is there now
export const isBehind = () => behind;

const writingIn = (on) => (on.matches("input") || on === desk.text()) && view().contains(on);

let latest = null;
export function refresh(at = "") { // ends when what is newest is shown
  wanted = at || wanted;
  number += 1;
  latest = once(number);
  return latest;
}

async function once(mine) {
  const query = new URLSearchParams(location.search); // what is sought stays
  if (wanted || deck.card()) query.set("at", wanted || deck.place());
  const seeks = desk.seeks();
  const fresh = await page(`${location.pathname}?${query}`);
  if (mine !== number) { await latest; return; }
  if (!fresh) return;
  if (seeks !== desk.seeks()) { await once(mine); return; } // somebody seeks others by now
  // from here on nothing waits, so that no key is pressed between looking and replacing
  const on = document.activeElement;
  const main = fresh.getElementById("main");
  const writes = on === desk.text() && desk.goesOn(main);
  if ((writingIn(on) && !writes) || words.changing()) { behind = true; return; } // when the hand is off it
  behind = false;
  const drafts = new Map($$("textarea", view()).filter((t) => t !== on || !writes).filter(words.dirty).map((t) => [t.closest("[data-id]").dataset.id, t]));
  const inside = !writes && (view().contains(on) || on === document.body);
  const editing = on.matches("textarea") && view().contains(on) && [on.selectionStart, on.selectionEnd];
  const tag = view().contains(on) ? words.heldAt(on) : -1;
  const top = window.scrollY;
  const unfolded = $$("details", view()).map((d) => d.open);
  const now = lists.item();
  const row = now && (now.dataset.id || now.dataset.picture);
  const before = deck.card();
  const looked = before && before.dataset.look;
  const finished = $(".done", view()) && !$(".done", view()).hidden;
  replaceView(main, words.beside);
  desk.came();
  $(".top").replaceWith($(".top", fresh));
  const [to, back] = [wanted || deck.place(), Boolean(wanted)];
  wanted = "";
  deck.begin(to, back || (inside && !editing));
  if (before && deck.place() !== to) changed = performance.now();
  for (const [id, old] of drafts) {
    const t = $$("textarea", view()).find((x) => x.closest("[data-id]").dataset.id === id);
    if (t) words.restore(t, old);
  }
  if (looked && deck.card() && looked !== deck.card().dataset.look) look(deck.card(), looked);
  $$("details", view()).forEach((d, n) => { if (n < unfolded.length) d.open = unfolded[n]; });
  if (finished && !back && $(".done", view()) && deck.place() === to) { $(".done", view()).hidden = false; if (inside) $(".done", view()).focus({ preventScroll: true }); }
  lists.begin();
  window.scrollTo({ top });
  lists.layout();
  const again = back && lists.items().find((i) => i.dataset.id === to);
  if (again) lists.here(again);
  else if (row) lists.here(lists.sameAs(row), inside && !finished);
  if (back || !lists.item()) await desk.begin(back); // else somebody is on the way to the one that is marked
  const box = $(".card:not([hidden]) .words, .desk .words", view());
  if (tag >= 0 && box) words.mark(words.chips(box)[Math.min(tag, words.chips(box).length - 1)]);
  if (editing && deck.card()) { $("textarea", deck.card()).focus(); $("textarea", deck.card()).setSelectionRange(...editing); }
  keysBesideButtons();
  document.dispatchEvent(new Event("fresh"));
}
