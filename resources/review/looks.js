/* Looking at copies and sizes: side by side, one over the other, where they differ, as they would train. */
import { $, $$ } from "./dom.js";

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
  for (const b of $$("[data-look]", c)) if (b !== c) b.setAttribute("aria-pressed", String(b.dataset.look === how));
}

export function sized(c, button) {
  for (const img of $$(".trained", c)) { img.src = img.dataset.base + button.dataset.size; img.removeAttribute("width"); img.removeAttribute("height"); }
  for (const b of $$("[data-size]", c)) b.setAttribute("aria-pressed", String(b === button));
}
