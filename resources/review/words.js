/* A caption at work, wherever it stands: its length, findings and tags as it is written, and that it is saved. */
import { $, $$, around } from "./dom.js";
import { write } from "./answers.js";
import { filled, post } from "./talk.js";
import { toast } from "./toast.js";

const PAUSE = 1500; // ms without a key after which words are saved
const box = (element) => element.closest(".words");
const area = (words) => $("textarea", words);
const guided = (words) => "guided" in words.dataset;
const say = (words, text) => { $(".kept", words).textContent = text; };
const timers = new WeakMap(); // textarea -> {measuring, keeping}
const timer = (t) => timers.get(t) || timers.set(t, {}).get(t);

export const dirty = (t) => t.value !== t.dataset.was;

/* --- between two captions: the box is empty, the cursor stays in it, and what is typed is the next one's */

const between = new WeakMap(); // textarea -> {was, all: what stands there is not wanted}
export const waits = (t) => between.has(t);

export function wait(t) { // saved; the next caption is on its way into this box
  keep(t);
  between.set(t, { was: t.dataset.was, all: false });
  clearTimeout(timer(t).measuring);
  t.value = "";
  t.placeholder = "The next one comes. Write on.";
}

export function allOf(t) { // somebody who marks all before it came writes it anew
  between.get(t).all = true;
  t.value = "";
}

function came(t, text) { // `text`: of the caption that is here now
  const { all } = between.get(t);
  const typed = t.value;
  between.delete(t);
  t.dataset.was = text;
  t.value = all && typed ? typed : text + typed;
  t.placeholder = "";
  t.readOnly = false;
  if (all && !typed) t.select(); else t.setSelectionRange(t.value.length, t.value.length);
}

export const stay = (t) => came(t, between.get(t).was); // there is no next one

function met(t, old, theirs) { // the same words were changed elsewhere while `old` was written: writing over them is asked about
  if (!guided(box(t))) return;
  if (old.dataset.met || theirs.trim() !== old.dataset.was.trim()) t.dataset.met = "another file";
  t.dataset.was = theirs;
}

export function beside(old, fresh) { // what is in `fresh` comes; who writes in `old` goes on writing. False if nobody does
  const t = document.activeElement;
  const place = $(".words textarea", fresh);
  if (!place || !t.matches(".words textarea") || !old || !old.contains(t)) return false;
  const same = box(t).dataset.id === box(place).dataset.id;
  if (!same && !waits(t)) return false;
  const said = $(".kept", box(t)).textContent;
  if (same && !waits(t) && dirty(t)) met(t, t, place.dataset.was);
  around(old, fresh, t, place);
  if (waits(t)) came(t, place.value);
  else say(box(t), said);
  if (dirty(t)) typed(t);
  return true;
}

function shown(words, told) { // only what is another one, so that a hand on a tag stays where it is
  const fresh = filled(told.shown);
  const on = document.activeElement;
  const held = on.matches("[data-piece]") && words.contains(on) ? chips(words).indexOf(on) : -1;
  for (const name of [".length", ".parts", ".faults"]) {
    const [was, now] = [$(name, words), $(name, fresh)];
    if (was.innerHTML !== now.innerHTML) was.replaceChildren(...now.childNodes);
  }
  if (held >= 0 && document.activeElement !== on) markAt(words, held);
  if (!marked(words)) $(".chip-actions", words).hidden = true;
}

async function asked(words, change) {
  const t = area(words);
  const { status, told } = await post("/measure", { id: words.dataset.id, text: t.value, ...(change ? { change } : {}) });
  if (status !== 200) { toast(told.message, "bad"); return null; }
  return t.isConnected ? told : null;
}

export function measure(t) {
  const mine = timer(t);
  clearTimeout(mine.measuring);
  mine.measuring = setTimeout(async () => {
    const text = t.value;
    const told = await asked(box(t));
    if (told && t.value === text) shown(box(t), told);
  }, 150);
}

function touched(t) { // its words are other ones than those in the file
  const words = box(t);
  words.classList.toggle("edited", dirty(t));
  if (guided(words)) say(words, dirty(t) ? "not saved yet" : "");
  document.dispatchEvent(new CustomEvent("touched", { detail: words }));
}

export function typed(t) {
  const words = box(t);
  if (waits(t)) return;
  measure(t);
  touched(t);
  if (guided(words)) return;
  const mine = timer(t);
  clearTimeout(mine.keeping);
  say(words, !t.value.trim() ? "an empty caption is not saved" : dirty(t) ? "not saved yet" : "");
  mine.keeping = setTimeout(() => keep(t), PAUSE);
}

export function keep(t) { // what is written here goes into decisions/captions.yaml
  clearTimeout(timer(t).keeping);
  const words = box(t);
  if (!words || waits(t) || guided(words) || !dirty(t) || !t.value.trim()) return;
  const [id, text, before] = [words.dataset.id, t.value, t.dataset.was];
  const here = () => t.isConnected && !waits(t) && box(t).dataset.id === id; // else another caption is in it by now
  t.dataset.was = text;
  say(words, "saving…");
  write("/answer", { kind: "captions", id, values: { caption: text } }, {
    at: id,
    quiet: true,
    then: (told) => {
      if (here() && t.value === text) { say(words, `saved, ${told.file.split("/").at(-1)}:${told.lines.length ? told.lines[0].number : ""}`); touched(t); }
      document.dispatchEvent(new CustomEvent("kept", { detail: { id, text } }));
    },
    failed: () => { if (here()) { t.dataset.was = before; say(words, "not saved"); } },
  });
}

export function putBack(t) {
  if (waits(t)) { t.value = ""; return; }
  clearTimeout(timer(t).keeping);
  t.value = t.dataset.was;
  delete t.dataset.met;
  measure(t);
  touched(t);
  say(box(t), "");
}

export function restore(t, old) { // what somebody wrote, on a page that came anew
  t.value = old.value;
  met(t, old, t.dataset.was);
  measure(t);
  touched(t);
}

export function toEnd(t) {
  t.focus();
  t.scrollIntoView({ block: "nearest" }); // all of it: the browser is content with the line of the cursor
  t.setSelectionRange(t.value.length, t.value.length);
}

/* --- its parts */

export const heldAt = (on) => (on.matches("[data-piece]") ? chips(box(on)).indexOf(on) : -1);

export const chips = (words) => $$("[data-piece]", words);
const marked = (words) => $("[data-piece][aria-pressed=true]", words);

export function mark(chip) {
  if (!chip) return;
  const words = box(chip);
  for (const c of chips(words)) c.setAttribute("aria-pressed", String(c === chip));
  $(".chip-actions", words).hidden = false;
  chip.focus({ preventScroll: true });
}

export function unmark(words) {
  for (const c of chips(words)) c.setAttribute("aria-pressed", "false");
  $(".chip-actions", words).hidden = true;
}

let line = Promise.resolve(); // one change after the other, each of what the one before left
let going = 0;
export const changing = () => going > 0;

function inTurn(words, then) {
  going += 1;
  const { id } = words.dataset;
  line = line.then(() => then(words.isConnected ? words : $(`.words[data-id="${id}"]`))).finally(() => {
    going -= 1;
    if (!going) document.dispatchEvent(new Event("changed"));
  });
  return line;
}

async function change(words, what) {
  const t = area(words);
  const told = await asked(words, what);
  if (!told) return false;
  const same = told.text === t.value;
  t.value = told.text;
  shown(words, told);
  touched(t);
  keep(t);
  return !same;
}

const at = (words) => chips(words).indexOf(marked(words));
const markAt = (words, n) => mark(chips(words)[Math.max(0, Math.min(n, chips(words).length - 1))]);

export const step = (words, by) => inTurn(words, (now) => markAt(now, (at(now) + by + chips(now).length) % chips(now).length)); // to the next tag

export const move = (words, by) => inTurn(words, async (now) => {
  const order = chips(now).map((c) => c.dataset.piece);
  const [from, to] = [at(now), at(now) + by];
  if (from < 0 || to < 0 || to >= order.length) return;
  order.splice(to, 0, ...order.splice(from, 1));
  await change(now, { order });
  markAt(now, to);
});

const to = (what, place) => (words) => inTurn(words, async (now) => {
  if (!marked(now)) return;
  const n = place(now);
  await change(now, { [what]: marked(now).dataset.piece });
  markAt(now, n);
});

export const marks = { // what is done with the tag that is marked
  out: to("delete", at),
  front: to("front", () => 0),
  back: (words) => move(words, -1),
  on: (words) => move(words, 1),
  said: (words) => marked(words).dataset.piece,
};

export const add = (input, term) => inTurn(box(input), async (words) => {
  if (await change(words, { add: term })) { if (!guided(words)) say(words, `added: ${term}`); }
  else toast(`"${term}" is there already.`);
});

let held = null; // a tag in the hand
document.addEventListener("pointerdown", (event) => {
  const chip = event.target.closest("[data-piece]");
  if (chip && event.button === 0) held = { chip, x: event.clientX, y: event.clientY, moved: false };
});
addEventListener("pointermove", (event) => {
  if (!held) return;
  if (!held.moved && Math.hypot(event.clientX - held.x, event.clientY - held.y) < 6) return;
  held.moved = true;
  held.chip.classList.add("held");
  const under = document.elementFromPoint(event.clientX, event.clientY);
  const over = under && under.closest("[data-piece]");
  if (!over || over === held.chip || box(over) !== box(held.chip)) return;
  const r = over.getBoundingClientRect();
  const put = event.clientX < r.left + r.width / 2 ? "before" : "after";
  over.parentElement[put](held.chip.parentElement);
});
addEventListener("pointerup", () => {
  if (!held) return;
  const { chip, moved } = held;
  held = null;
  chip.classList.remove("held");
  if (!moved) return;
  const words = box(chip);
  const order = chips(words).map((c) => c.dataset.piece);
  const n = chips(words).indexOf(chip);
  inTurn(words, async (now) => { await change(now, { order }); markAt(now, n); });
});
addEventListener("pointercancel", () => { if (held) held.chip.classList.remove("held"); held = null; });

document.addEventListener("input", (event) => { if (event.target.matches(".words textarea")) typed(event.target); });
document.addEventListener("focusout", (event) => { if (event.target.matches(".words textarea")) keep(event.target); });
addEventListener("pagehide", () => { for (const t of $$(".words textarea")) keep(t); });
