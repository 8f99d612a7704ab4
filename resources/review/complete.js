/* Completing a tag while it is typed: the set's own words, and the base model's. */
import { $, $$, made } from "./dom.js";
import { got } from "./talk.js";

const list = (input) => document.getElementById(input.getAttribute("aria-controls"));
const chosen = (input) => $("[aria-selected=true]", list(input));
let asked = 0;

function close(input) {
  list(input).hidden = true;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

async function offer(input) {
  asked += 1;
  const mine = asked;
  const found = input.value.trim() ? await got(`/complete?${new URLSearchParams({ word: input.value })}`) : [];
  if (mine !== asked || document.activeElement !== input) return;
  const other = found.filter(([term]) => term !== input.value.trim().toLowerCase()); // what is typed whole needs no offer
  list(input).replaceChildren(...other.map(([term, count], n) => {
    const one = made("li", null, { id: `${list(input).id}-${n}` });
    one.setAttribute("role", "option");
    one.setAttribute("aria-selected", "false");
    one.dataset.term = term;
    one.append(made("span", term), made("small", count.toLocaleString("en")));
    return one;
  }));
  list(input).hidden = !other.length;
  input.setAttribute("aria-expanded", String(Boolean(other.length)));
  input.removeAttribute("aria-activedescendant");
}

function choose(input, by) {
  const all = $$("[role=option]", list(input));
  if (!all.length || list(input).hidden) return;
  const at = all.indexOf(chosen(input)) + by;
  const one = all[at < -1 ? all.length - 1 : at % all.length];
  for (const o of all) o.setAttribute("aria-selected", String(o === one));
  if (one) { input.setAttribute("aria-activedescendant", one.id); one.scrollIntoView({ block: "nearest" }); }
}

function take(input, term) {
  close(input);
  input.dispatchEvent(new CustomEvent("taken", { bubbles: true, detail: term }));
}

export function key(event, input) { // true if the key was for the list
  if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); choose(input, event.key === "ArrowDown" ? 1 : -1); return true; }
  if (event.key === "Escape" && !list(input).hidden) { event.preventDefault(); close(input); return true; }
  if (event.key !== "Enter" || event.repeat) return false;
  const term = list(input).hidden || !chosen(input) ? input.value.trim() : chosen(input).dataset.term;
  if (!term || (input.dataset.complete !== "add" && !chosen(input))) return false;
  event.preventDefault();
  take(input, term);
  return true;
}

document.addEventListener("input", (event) => { if (event.target.matches("[data-complete]")) offer(event.target); });
document.addEventListener("focusout", (event) => { if (event.target.matches("[data-complete]")) close(event.target); });
document.addEventListener("pointerdown", (event) => { // before the hand leaves the input
  const one = event.target.closest(".offers [role=option]");
  if (!one) return;
  event.preventDefault();
  take($(`[aria-controls="${one.parentElement.id}"]`), one.dataset.term);
});
