/* Captions: length and words while one is written, a row edited in its place, search, find and replace. Uses review.js,
   and review.js uses it; both are plain scripts of one page. */
"use strict";

/* --- captions */

let asking;
function measure(t) {
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
        const chip = document.createElement("button");
        chip.className = "chip";
        chip.dataset.drop = term;
        chip.textContent = term;
        return [chip, " "];
      }));
    }
  }, 150);
}

function drop(chip) { // takes a term out of the caption, with the comma it leaves
  const t = $("textarea", chip.closest(".card"));
  const term = chip.dataset.drop.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  t.value = t.value.replace(new RegExp(`(?<![\\p{L}\\p{N}])${term}(?![\\p{L}\\p{N}])`, "iu"), "").replace(/\s+([,.;])/g, "$1").replace(/,(\s*,)+/g, ",").replace(/[\s,]+$/, "").replace(/ {2,}/g, " ");
  t.focus();
  measure(t);
}

function saveText(t) {
  const holder = t.closest("[data-id]");
  const kind = "captions";
  if (holder.matches(".row")) {
    if (t.value === t.dataset.was) return endRow(holder, t.dataset.was);
    return write("/answer", { kind, id: holder.dataset.id, values: { caption: t.value } }, () => {
      endRow(holder, t.value.trim().replace(/\s+/g, " "));
      $(".facts", holder).firstChild.textContent = "yours";
    });
  }
  if (t.value === t.dataset.was) return write("/answer", { kind, id: holder.dataset.id, values: { verdict: "approve" } }, async () => { t.blur(); await refresh(); onward(); });
  write("/answer", { kind, id: holder.dataset.id, values: { caption: t.value } }, async () => { t.dataset.was = t.value; t.blur(); await refresh(); onward(); });
}

function editRow(row) {
  if (!row || $("textarea", row)) return;
  const text = $(".text", row);
  const t = document.createElement("textarea");
  t.rows = 4;
  t.value = t.dataset.was = text.textContent;
  t.setAttribute("aria-label", `Caption of ${$("h3", row).textContent}`);
  text.replaceWith(t);
  t.focus();
}

function endRow(row, text) {
  const p = document.createElement("p");
  p.className = "text";
  p.textContent = text;
  $("textarea", row).replaceWith(p);
  here(row);
}

/* --- all captions: search, find and replace */

const search = () => $("#search", main);
function filter() {
  const wanted = search().value.toLowerCase().split(/\s+/).filter(Boolean);
  const whole = search().value.toLowerCase().trim();
  let shown = 0;
  for (const row of $$(".row", main)) {
    const said = `${$("h3", row).textContent} ${row.textContent}`.toLowerCase();
    row.hidden = !(said.includes(whole) || wanted.every((w) => said.includes(w)));
    if (!row.hidden) shown += 1;
  }
  $("[data-shown]", main).textContent = shown;
}

function made(tag, text, more = {}) {
  const element = Object.assign(document.createElement(tag), more);
  if (text !== null) element.textContent = text;
  return element;
}

async function preview(form) {
  const ask = { find: form.find.value, put: form.put.value, words: form.words.checked, case: form.case.checked };
  const { status, told } = await post("/replace", ask);
  if (status !== 200) return toast(told.message, "bad");
  const box = $(".preview", main);
  box.hidden = false;
  const n = told.rows.length;
  const say = n ? `${n} caption${n === 1 ? "" : "s"} would change` : `No caption says "${ask.find}"`;
  box.replaceChildren(made("h2", say));
  for (const row of told.rows) {
    const label = made("label", null, { className: "change" });
    const tick = made("input", null, { type: "checkbox", checked: true, value: row.id });
    const both = made("span", null);
    both.append(made("strong", row.name), made("del", row.before), made("ins", row.after));
    label.append(tick, both);
    box.append(label);
  }
  const close = made("button", "Leave them as they are", { type: "button" });
  close.addEventListener("click", () => { box.hidden = true; });
  const apply = made("button", "Write these into decisions/captions.yaml", { type: "button", className: "primary" });
  apply.addEventListener("click", () => {
    const chosen = $$("input:checked", box).map((i) => i.value);
    write("/replace", { ...ask, kind: "captions", write: chosen }, async () => { box.hidden = true; apply.blur(); await refresh(); });
  });
  const row = made("div", null, { className: "actions" });
  row.append(...(n ? [apply, close] : [close]));
  box.append(row);
  (n ? apply : close).focus();
}
