/* One change to all captions that are shown: what would come of it, then one edit. */
import { $, $$ } from "./dom.js";
import { write } from "./answers.js";
import { sought } from "./desk.js";
import { named } from "./lists.js";
import { filled, post } from "./talk.js";
import { toast } from "./toast.js";

const box = $(".change");
const form = $("form", box);
const preview = $(".preview", box);
const writes = $("[data-do=change-write]", box);
let all = []; // idents of all that would change; the first are shown
let asked = 0;
let asking;

function given() {
  const { what, words, put } = form;
  return { ...sought(), what: what.value, words: words.value, put: put.value, whole: form.whole.checked, case: form.case.checked };
}

export function open(what = "", words = "") {
  if (what) form.what.value = what;
  form.words.value = words;
  $("[data-scope]", box).textContent = named("texts").total;
  box.showModal();
  shown();
  look();
  form.words.focus();
}

export const close = () => box.close();

function shown() {
  for (const e of $$(".replacing", form)) e.hidden = form.what.value !== "replace";
}

async function look() { // what would change, as the words stand now
  asked += 1;
  const mine = asked;
  writes.disabled = true;
  if (!form.words.value.trim()) { all = []; preview.replaceChildren(); return; }
  const { status, told } = await post("/change", given());
  if (mine !== asked) return;
  if (status !== 200) { toast(told.message, "bad"); return; }
  all = told.all;
  preview.replaceChildren(...filled(told.shown).childNodes);
  writes.disabled = !all.length;
}

function soon() {
  clearTimeout(asking);
  writes.disabled = true; // what is shown is not what would be written
  asking = setTimeout(look, 200);
}

export function apply() {
  const boxes = $$("input", preview);
  const left = new Set(boxes.filter((i) => !i.checked).map((i) => i.value));
  const chosen = all.filter((id) => !left.has(id));
  if (writes.disabled || !chosen.length) return;
  writes.disabled = true;
  write("/change", { kind: "captions", ...given(), write: chosen }, { then: close });
}

form.addEventListener("input", () => { shown(); soon(); });
form.addEventListener("taken", (event) => { form.words.value = event.detail; look(); });
