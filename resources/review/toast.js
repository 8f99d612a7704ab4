/* What happened, in one short sentence: in the foot of the page, where it covers nothing; over a dialog, and what went wrong, above all. */
import { $, $$, made } from "./dom.js";

let fading;
const box = $(".toast");

/* `written`: {file, lines, more}: which lines of which file are new, folded away behind the sentence */
export function toast(text, kind = "", written = null) {
  put(kind);
  box.replaceChildren(made("span", text, { className: "says" }), ...(written ? [fold(written)] : []));
  box.className = `toast ${kind}`;
  box.hidden = false;
  fade(kind ? 12000 : 6000);
}

function put(kind) {
  const dialog = $$("dialog[open]").at(-1); // what lies below a dialog is neither seen nor read out
  const place = dialog || (kind === "bad" ? document.body : $(".foot"));
  if (box.parentElement !== place) { if (place.matches(".foot")) $(".saved").after(box); else place.append(box); }
}

document.addEventListener("close", () => { if (!box.hidden) put(box.classList.contains("bad") ? "bad" : ""); }, true); // what a dialog said stays to be read

function fade(ms) {
  clearTimeout(fading);
  fading = setTimeout(() => { if ($("details[open]", box)) fade(ms); else box.hidden = true; }, ms);
}

function fold({ file, lines, more }) {
  const details = made("details", null);
  const said = [...lines.map((l) => `${file}:${l.number}   ${l.text}`), ...(more ? [`and ${more} more lines`] : [])];
  details.append(made("summary", file.split("/").at(-1), { title: "What was written" }), made("pre", said.join("\n") || "The file says nothing any more."));
  return details;
}
