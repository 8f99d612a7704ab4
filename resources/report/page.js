"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const sheet = $("sheet"), cards = [...sheet.children];
  const q = $("q"), fate = $("fate"), code = $("code"), sort = $("sort"), wall = $("wall");
  const said = new Map(cards.map((c) => [c, (c.dataset.name + " " + (c.querySelector(".caption")?.textContent ?? "")).toLowerCase()]));

  function fits(card) {
    const word = q.value.trim().toLowerCase(), d = card.dataset;
    if (fate.value === "open" ? !("open" in d) : fate.value && d.fate !== fate.value) return false;
    if (code.value && !d.codes.split(" ").includes(code.value)) return false;
    return !word || d.terms.split("|").includes(word) || said.get(card).includes(word);
  }

  function apply() {
    let shown = 0, first = null;
    for (const card of sheet.children) {
      card.hidden = !fits(card);
      card.tabIndex = -1;
      if (!card.hidden) { shown++; first ??= card; }
    }
    if (first) first.tabIndex = 0;
    $("shown").value = `${shown} of ${cards.length}`;
    $("none").hidden = shown > 0 || !cards.length;
  }

  const orders = {
    alike: (a, b) => a.dataset.order - b.dataset.order,
    name: (a, b) => a.dataset.name.localeCompare(b.dataset.name),
    size: (a, b) => b.dataset.times - a.dataset.times || a.dataset.order - b.dataset.order,
  };

  function all() { q.value = fate.value = code.value = ""; apply(); }

  function go(card) {
    cards.forEach((c) => { c.tabIndex = -1; });
    card.tabIndex = 0;
    card.focus({ preventScroll: true });
    land(card, "nearest");
  }

  /** The visible card in direction (dx, dy) of this one: the next, the one before, or the nearest in another row. */
  function neighbour(card, dx, dy) {
    const here = [...sheet.children].filter((c) => !c.hidden), at = here.indexOf(card);
    if (dx) return here[at + dx];
    const columns = getComputedStyle(sheet).gridTemplateColumns.split(" ").length;
    return here[at + dy * columns];
  }

  for (const control of [q, fate, code]) control.addEventListener("input", apply);
  sort.addEventListener("input", () => { sheet.append(...cards.sort(orders[sort.value])); apply(); });
  $("reset").addEventListener("click", (e) => { e.preventDefault(); all(); });
  wall.addEventListener("click", () => {
    wall.setAttribute("aria-pressed", String(sheet.classList.toggle("wall")));
  });
  sheet.addEventListener("click", (e) => { e.target.closest(".card")?.classList.toggle("open"); });

  /** Scrolls there, and again while what comes into view on the way turns out taller than was guessed. */
  function land(target, block = "start") {
    let before = NaN, left = 30;
    const step = () => {
      target.scrollIntoView({ block, behavior: "instant" });
      const top = target.getBoundingClientRect().top;
      if (top !== before && left--) requestAnimationFrame(step);
      before = top;
    };
    step();
  }

  document.addEventListener("click", (e) => {
    const show = e.target.closest("[data-show]"), link = e.target.closest('a[href^="#"]');
    const target = link && $(link.hash.slice(1));
    if (show) {
      all();
      code.value = show.dataset.show;
      apply();
      land($("pictures"));
    } else if (target?.classList.contains("card")) {
      if (target.hidden) all();
      target.classList.add("open");
      requestAnimationFrame(() => go(target));
    } else if (target) {
      requestAnimationFrame(() => land(target));
    }
  });

  document.addEventListener("keydown", (e) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName);
    if (e.key === "/" && !typing) { e.preventDefault(); q.focus(); }
    if (e.key === "Escape") all();
    if (typing || e.ctrlKey || e.metaKey || e.altKey) return;
    const step = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[e.key];
    const card = e.target.closest?.(".card"), spot = e.target.closest?.(".map a");
    if (card && step) {
      const next = neighbour(card, ...step);
      if (next) { e.preventDefault(); go(next); }
    } else if (card && e.target === card && e.key === "Enter") {
      card.classList.toggle("open");
    } else if (spot && step) {
      e.preventDefault();
      (step[0] + step[1] > 0 ? spot.nextElementSibling : spot.previousElementSibling)?.focus();
    }
  });

  // Every thumbnail is in the file once; wherever it is shown again it is borrowed from its card, when it comes near.
  const borrow = (img) => {
    const own = document.querySelector(`#${img.dataset.of} img`);
    if (own) img.src = own.src;
  };
  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) { borrow(target); near.unobserve(target); }
    }
  }, { rootMargin: "600px" });
  for (const img of document.querySelectorAll("img[data-of]")) near.observe(img);
  apply();
})();
