/* Saying what happened. */
import { $, $$ } from "./dom.js";

let fading;
export function toast(text, kind = "") {
  const box = $(".toast");
  const above = $$("dialog[open]").at(-1) || document.body; // what lies below a dialog is neither seen nor read out
  if (box.parentElement !== above) above.append(box);
  box.textContent = text;
  box.className = `toast ${kind}`;
  box.hidden = false;
  clearTimeout(fading);
  fading = setTimeout(() => { box.hidden = true; }, kind ? 12000 : 6000);
}
