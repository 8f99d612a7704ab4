/* All captions: search, find and replace. */
import { $, $$, made } from "./dom.js";
import { write } from "./answers.js";
import { named } from "./lists.js";
import { view } from "./page.js";
import { post } from "./talk.js";
import { toast } from "./toast.js";

export const search = () => $("#search", view());

export async function filter() {
  const list = named("texts");
  if (list) await list.search(search().value);
}

export function counted() {
  const list = named("texts");
  if (list && $("[data-shown]", view())) $("[data-shown]", view()).textContent = list.total;
}

const MOST = 200; // changes that are shown one by one

export async function preview(form) {
  const ask = { find: form.find.value, put: form.put.value, words: form.words.checked, case: form.case.checked };
  const { status, told } = await post("/replace", ask);
  if (status !== 200) return toast(told.message, "bad");
  const box = $(".preview", view());
  box.hidden = false;
  const n = told.rows.length;
  box.replaceChildren(made("h2", n ? `${n} caption${n === 1 ? "" : "s"} would change` : `No caption says "${ask.find}"`));
  for (const row of told.rows.slice(0, MOST)) {
    const label = made("label", null, { className: "change" });
    const both = made("span", null);
    both.append(made("strong", row.name), made("del", row.before), made("ins", row.after));
    label.append(made("input", null, { type: "checkbox", checked: true, value: row.id }), both);
    box.append(label);
  }
  if (n > MOST) box.append(made("p", `and ${n - MOST} more, in the same way`, { className: "hint" }));
  const close = made("button", "Leave them as they are", { type: "button" });
  close.addEventListener("click", () => { box.hidden = true; });
  const apply = made("button", "Write these into decisions/captions.yaml", { type: "button", className: "primary" });
  apply.addEventListener("click", () => {
    const chosen = [...$$("input:checked", box).map((i) => i.value), ...told.rows.slice(MOST).map((row) => row.id)];
    write("/replace", { ...ask, kind: "captions", write: chosen }, { then: () => { box.hidden = true; apply.blur(); } });
  });
  const row = made("div", null, { className: "actions" });
  row.append(...(n ? [apply, close] : [close]));
  box.append(row);
  (n ? apply : close).focus();
}
