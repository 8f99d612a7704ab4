/* One caption while it is written: its length and words, and a row edited in its place. */
import { $, made } from "./dom.js";
import { answer } from "./answers.js";
import { onward } from "./deck.js";
import { here } from "./lists.js";
import { post } from "./talk.js";

let asking;
export function measure(t) {
  clearTimeout(asking);
  const c = t.closest(".card");
  if (!c) return;
  c.classList.toggle("edited", t.value !== t.dataset.was);
  asking = setTimeout(async () => {
    const { status, told } = await post("/measure", { text: t.value });
    if (status !== 200 || !t.isConnected) return;
    $("meter", c).value = told.tokens;
    $("[data-tokens]", c).textContent = told.tokens;
    $("[data-faults]", c).textContent = told.faults.join("; ");
    for (const name of ["content", "style"]) {
      $(`[data-chips=${name}]`, c).replaceChildren(...told[name].flatMap((term) => {
        const chip = made("button", term, { className: "chip" });
        chip.dataset.drop = term;
        return [chip, " "];
      }));
    }
  }, 150);
}

export function drop(chip) { // takes a term out of the caption, with the comma it leaves
  const t = $("textarea", chip.closest(".card"));
  const term = chip.dataset.drop.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  t.value = t.value.replace(new RegExp(`(?<![\\p{L}\\p{N}])${term}(?![\\p{L}\\p{N}])`, "iu"), "").replace(/\s+([,.;])/g, "$1").replace(/,(\s*,)+/g, ",").replace(/[\s,]+$/, "").replace(/ {2,}/g, " ");
  t.focus();
  measure(t);
}

export function saveText(t) {
  const holder = t.closest("[data-id]");
  if (!t.value.trim()) return; // nothing is no caption; Esc puts back what was there
  if (holder.matches(".row")) {
    const text = t.value.trim().replace(/\s+/g, " ");
    if (t.value !== t.dataset.was) answer("captions", holder.dataset.id, { caption: t.value });
    return endRow(holder, text);
  }
  const same = t.value === t.dataset.was;
  t.dataset.was = t.value;
  answer("captions", holder.dataset.id, same ? { verdict: "approve" } : { caption: t.value });
  t.blur();
  onward();
}

export function putBack(t) {
  t.value = t.dataset.was;
  const row = t.closest(".row");
  if (row) return endRow(row, t.dataset.was);
  measure(t);
  t.closest(".card").focus();
}

export function editRow(row) {
  if (!row || $("textarea", row)) return;
  const text = $(".text", row);
  const t = made("textarea", null, { rows: 4, value: text.textContent });
  t.dataset.was = text.textContent;
  t.setAttribute("aria-label", `Caption of ${$("h3", row).textContent}`);
  text.replaceWith(t);
  t.focus();
}

function endRow(row, text) {
  $("textarea", row).replaceWith(made("p", text, { className: "text" }));
  here(row);
}
