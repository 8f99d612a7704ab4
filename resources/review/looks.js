/* Looking at copies and sizes: side by side, one over the other, where they differ, as they would train. */
import { $, $$ } from "./dom.js";

const SAID = "Grey is alike in both; what differs keeps its colours, with a magenta line around it. All grey: nothing differs.";

function legend(c) { // what is seen, and what the key shows next; of differences what the colours mean, once they are there
  const line = $(".legend", c);
  if (!line) return;
  if (c.dataset.look === "flip") {
    const names = $$("figcaption strong", c).map((e) => e.textContent);
    const at = $$("figure", c).findIndex((f) => f.classList.contains("front"));
    line.hidden = false;
    line.textContent = `You see ${names[at]}. Flip again, or F: ${names[(at + 1) % names.length]}. Esc: side by side.`;
    return;
  }
  const coming = $$(".difference[src]", c).filter((img) => !img.complete);
  line.hidden = c.dataset.look !== "differ";
  line.textContent = coming.length ? "Comparing…" : SAID;
  for (const img of coming) for (const end of ["load", "error"]) img.addEventListener(end, () => legend(c), { once: true });
}

export function look(c, how) {
  const figures = $$("figure", c);
  const again = how === "flip" && c.dataset.look === "flip";
  c.dataset.look = how;
  const front = again ? (figures.findIndex((f) => f.classList.contains("front")) + 1) % figures.length : 0;
  figures.forEach((f, n) => {
    f.classList.toggle("front", n === front);
    f.classList.remove("covered");
    for (const [kind, when] of [[".difference", "differ"], [".laid", "flip"]]) { // both are in the first picture's frame
      const mark = $(kind, f);
      if (mark) { if (how === when && !mark.src) mark.src = mark.dataset.src; mark.hidden = how !== when; if (how === when) f.classList.add("covered"); }
    }
  });
  legend(c);
  for (const b of $$("[data-look]", c)) if (b !== c) b.setAttribute("aria-pressed", String(b.dataset.look === how));
}

export function backBeside(c) { // false if they lie so
  if (!c || !c.dataset.look || c.dataset.look === "beside") return false;
  look(c, "beside");
  return true;
}

export function sized(c, button) {
  for (const img of $$(".trained", c)) { img.src = img.dataset.base + button.dataset.size; img.removeAttribute("width"); img.removeAttribute("height"); }
  for (const b of $$("[data-size]", c)) b.setAttribute("aria-pressed", String(b === button));
}
