/* Saying what happened. */
import { $ } from "./dom.js";

let fading;
export function toast(text, kind = "") {
  const box = $(".toast");
  box.textContent = text;
  box.className = `toast ${kind}`;
  box.hidden = false;
  clearTimeout(fading);
  fading = setTimeout(() => { box.hidden = true; }, kind ? 12000 : 6000);
}
