/* The page's hands: what a click, a key or a change of a file sets going. Everything shown comes from the server. */
import { $, $$ } from "./dom.js";
import * as answers from "./answers.js";
import * as change from "./change.js";
import * as deck from "./deck.js";
import * as desk from "./desk.js";
import * as keys from "./keys.js";
import * as lists from "./lists.js";
import * as light from "./light.js";
import * as crop from "./crop.js";
import { look, sized } from "./looks.js";
import { differs, view } from "./page.js";
import * as pictures from "./pictures.js";
import { isBehind, refresh } from "./refresh.js";
import * as run from "./run.js";
import { toast } from "./toast.js";
import * as words from "./words.js";

const kindOf = (button) => button.dataset.kind || button.closest("[data-kind]").dataset.kind;

function given(button) { // the answer on a button; the next question comes at once
  if (button.closest(".light")) return light.given(button);
  const holder = button.closest("[data-id]");
  const rest = button.dataset.kind !== undefined;
  answers.answer(kindOf(button), rest || !holder ? "" : holder.dataset.id, JSON.parse(button.dataset.values));
  if (!holder || !deck.card() || holder.matches("[data-item]")) return;
  if (rest) return answers.settled().then(() => deck.onward());
  deck.onward();
  if (deck.short()) refresh();
}

function toggled(button) { // the keep marks of a group, as an answer
  button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
  const c = button.closest(".card");
  const all = $$("[data-toggle]", c);
  const ids = all.filter((b) => b.getAttribute("aria-pressed") === "true").map((b) => b.dataset.toggle);
  answers.answer("duplicates", c.dataset.id, { keep: ids.length === all.length ? "all" : ids.length ? ids : "none" });
}

function leftOut(button) { // the looks that leave
  button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
  const c = button.closest(".card");
  const out = $$("[data-out][aria-pressed=true]", c).map((b) => b.dataset.out);
  answers.answer("curation", c.dataset.id, { answer: out.length ? out : "together" });
}

function pinned(button) { // one picture leaves, or stays; the others of its question as they are
  const figure = button.closest("figure");
  const leaves = figure.classList.toggle("leaves");
  figure.classList.toggle("stays", !leaves);
  const mark = $(".mark", figure);
  mark.textContent = leaves ? mark.dataset.leaves : mark.dataset.stays;
  answers.answer("curation", button.closest(".card").dataset.id, { picture: button.dataset.pin, leaves });
}

function savedWords(button) { // a sample's own words, and on
  const card = button.closest(".card");
  const t = $("textarea", card);
  if (!t.value.trim()) return; // nothing is no caption; Esc puts back what was there
  t.dataset.was = t.value;
  tell(card);
  answers.answer("captions", card.dataset.id, { caption: t.value }, { met: t.dataset.met });
  deck.onward();
  if (deck.short()) refresh();
}

function tell(card) { // its own words are saved before anything else is answered
  const edited = words.dirty($("textarea", card));
  if (edited && !answers.busy()) $(".saved").textContent = ""; // what was saved before is not what is seen
  for (const b of $$(".actions > button", card)) if (b.matches("[data-do=save-words], [data-values*=approve]")) b.hidden = edited !== b.matches("[data-do=save-words]");
}

const actions = {
  undo: () => answers.takeBack("/undo"),
  redo: () => answers.takeBack("/redo"),
  run: (button) => run.run(button.dataset.run),
  "hide-run": run.hide,
  keys: keys.table,
  theirs: () => answers.decide(false),
  yours: () => answers.decide(true),
  focus: (button) => $("input", button.form).focus(),
  "look-closer": light.lookCloser,
  "close-light": light.close,
  "next-shape": light.nextShape,
  full: light.full,
  "look-at": light.lookAt,
  beside: light.beside,
  write: (button) => words.toEnd($("textarea", button.closest(".words"))),
  add: (button) => $("[data-complete]", button.closest(".words")).focus(),
  chips: (button) => words.mark(words.chips(button.closest(".words"))[0]),
  "chip-out": (button) => words.marks.out(button.closest(".words")),
  "chip-front": (button) => words.marks.front(button.closest(".words")),
  "chip-back": (button) => words.marks.back(button.closest(".words")),
  "chip-on": (button) => words.marks.on(button.closest(".words")),
  "chip-out-of-all": (button) => change.open("delete", words.marks.said(button.closest(".words"))),
  "save-words": savedWords,
  change: () => change.open(),
  "change-write": change.apply,
  "close-change": change.close,
  everything: desk.everything,
  crop: light.startCrop,
  "crop-write": light.writeCrop,
  "crop-shape": crop.shapeOn,
  "crop-end": light.endCrop,
};

const hands = { // by what a button carries
  do: (b) => actions[b.dataset.do](b),
  values: given,
  go: (b) => deck.show(b.dataset.go),
  look: (b) => look(b.closest(".card"), b.dataset.look),
  size: (b) => sized(b.closest(".card"), b),
  lay: light.open,
  turnTo: (b) => light.turnTo(Number(b.dataset.turnTo)),
  shape: (b) => light.draw(Number(b.dataset.shape)),
  piece: words.mark,
  term: (b) => desk.saying(b.dataset.term),
  only: desk.only,
  by: (b) => desk.on(Number(b.dataset.by)),
  toggle: toggled,
  out: leftOut,
  pin: pinned,
};

document.addEventListener("click", (event) => {
  const target = event.target.closest("button, a, [data-item]");
  if (!target) return;
  const holder = target.closest("[data-item]");
  if (holder) lists.here(holder, false);
  if (target.matches("a[href^='/']") && answers.busy()) { // what is on its way arrives first
    event.preventDefault();
    answers.settled().then(() => { location.href = target.href; });
    return;
  }
  const hand = target.matches("button") && Object.keys(hands).find((name) => name in target.dataset);
  if (hand) hands[hand](target);
});

document.addEventListener("touched", (event) => { const card = event.detail.closest(".card"); if (card) tell(card); });
document.addEventListener("taken", (event) => { if (event.target.dataset.complete === "add") { words.add(event.target, event.detail); event.target.value = ""; } });

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "dialog") return;
  event.preventDefault();
  if (form.matches(".accept")) {
    const reason = form.reason.value;
    if (!reason.trim()) { form.reason.focus(); return toast("Write a reason first, why it is fine: the report quotes it.", "bad"); }
    document.activeElement.blur();
    answers.answer("gate", form.closest(".card").dataset.id, { reason });
  }
  return undefined;
});

document.addEventListener("focusout", () => { if (isBehind() && !answers.busy()) setTimeout(() => { if (isBehind()) refresh(); }); });
document.addEventListener("changed", () => { if (isBehind() && !answers.busy()) refresh(); });
document.addEventListener("back", (event) => refresh(event.detail)); // an answer was taken back: its question again
$(".conflict").addEventListener("cancel", (event) => { event.preventDefault(); answers.decide(false); });

deck.onMissing(refresh);
answers.onWritten(async () => { if (!answers.waiting()) deck.forget(); await refresh(); });

const stream = new EventSource("/events");
const heard = (name, then) => stream.addEventListener(name, (event) => then(JSON.parse(event.data)));
heard("files", (stamps) => {
  if (!differs(stamps, run.running())) return;
  if (!answers.busy()) refresh(); // else it is anyway, once the answers are written
});
heard("start", run.started);
heard("lines", run.said);
heard("end", async (told) => {
  document.body.classList.remove("running");
  await refresh();
  run.ended(told);
  if (deck.card() && deck.card().dataset.state !== "open") deck.onward();
});
let lost;
stream.addEventListener("error", () => { lost = setTimeout(() => toast("Closed. Start loraprep review again to go on; everything you decided is written.", "bad"), 3000); });
stream.addEventListener("open", () => { clearTimeout(lost); answers.retry(); });
window.addEventListener("pagehide", () => stream.close());

deck.begin(new URLSearchParams(location.search).get("at") || "", true);
lists.watch();
pictures.watch();
lists.begin();
desk.begin(true);
keys.listen();
keys.keysBesideButtons();
if (!deck.card() && lists.items().length && view().dataset.view !== "texts") {
  const led = lists.items().find((i) => i.dataset.id === new URLSearchParams(location.search).get("at"));
  lists.here(led || lists.items()[0], Boolean(led));
}
light.led();
document.body.dataset.ready = "true";
