"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const sheet = $("sheet"), cards = [...sheet.children];
  const q = $("q"), fate = $("fate"), code = $("code"), sort = $("sort"), wall = $("wall");
  const said = new Map(cards.map((c) => [c, (c.dataset.name + " " + (c.querySelector(".caption")?.textContent ?? "")).toLowerCase()]));
  const found = new Map(cards.map((c) => [c, new Set([...c.querySelectorAll('a[href^="#f-"]')].map((a) => a.hash.slice(1)))]));
  let only = ""; // the finding whose pictures are shown

  // --- the contact sheet: what is shown, in which order

  function fits(card) {
    const word = q.value.trim().toLowerCase(), d = card.dataset;
    if (fate.value === "open" ? !("open" in d) : fate.value && d.fate !== fate.value) return false;
    if (only ? !found.get(card).has(only) : code.value && !d.codes.split(" ").includes(code.value)) return false;
    return !word || d.terms.split("|").includes(word) || said.get(card).includes(word);
  }

  /** Of all pictures one is reached by Tab, with its links; arrow keys lead to the others. */
  function reachable(card, yes) {
    for (const e of card.querySelectorAll("a, button")) e.tabIndex = yes ? 0 : -1;
  }

  function apply() {
    let shown = 0, first = null;
    for (const card of sheet.children) {
      card.hidden = !fits(card);
      reachable(card, false);
      if (!card.hidden) { shown++; first ??= card; }
    }
    if (first) reachable(first, true);
    $("shown").value = `${shown} of ${cards.length}`;
    $("none").hidden = shown > 0 || !cards.length;
    $("only").hidden = !only;
    const link = $("only").querySelector("a");
    link.setAttribute("href", `#${only || "todo"}`);
    link.textContent = only ? sentence($(only)) : "";
  }

  function sentence(entry) {
    const said = entry.querySelector(".says").cloneNode(true);
    said.querySelector(".mark").remove();
    return said.textContent.trim();
  }

  const orders = {
    alike: (a, b) => a.dataset.order - b.dataset.order,
    name: (a, b) => a.dataset.name.localeCompare(b.dataset.name),
    size: (a, b) => b.dataset.times - a.dataset.times || a.dataset.order - b.dataset.order,
  };
  const arrange = () => sheet.append(...cards.sort(orders[sort.value]));

  function all() {
    if (at && !large.open) { addEventListener("popstate", all, { once: true }); return; } // on the way back, which brings the filters with it
    only = q.value = fate.value = code.value = "";
    apply();
    keep();
  }

  function go(card) {
    cards.forEach((c) => reachable(c, c === card));
    card.querySelector(".mat").focus({ preventScroll: true });
    land(card, "nearest");
  }

  /** The visible card in direction (dx, dy) of this one: the next, the one before, or the nearest in another row. */
  function neighbour(card, dx, dy) {
    const here = [...sheet.children].filter((c) => !c.hidden), at = here.indexOf(card);
    if (dx) return here[at + dx];
    const columns = getComputedStyle(sheet).gridTemplateColumns.split(" ").length;
    return here[at + dy * columns];
  }

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

  // --- the way back: each view is an entry of the browser's history, with what was shown and where one was

  const places = []; // elements one came from
  const view = () => ({ q: q.value, fate: fate.value, code: code.value, sort: sort.value, only, large: at?.id ?? "" });
  const keep = () => history.replaceState({ ...view(), from: -1, y: scrollY }, "");

  /** Remembers where one is; what is shown next is a new entry, under `hash`. */
  function leave(show, hash) {
    history.replaceState({ ...view(), from: places.push(document.activeElement) - 1, y: scrollY }, "");
    show();
    history.pushState({ ...view(), from: -1, y: -1 }, "", hash);
  }

  addEventListener("popstate", (e) => {
    const was = at, back = e.state;
    hush();
    if (!back) { lower(); if (location.hash.startsWith("#f-")) reveal($(location.hash.slice(1))); return; }
    [q.value, fate.value, code.value, sort.value, only] = [back.q, back.fate, back.code, back.sort, back.only];
    arrange();
    apply();
    if (back.large) raise($(back.large)); else lower();
    const from = places[back.from];
    requestAnimationFrame(() => {
      if (back.y < 0) land($(location.hash.slice(1)) ?? document.body);
      else scrollTo({ top: back.y, behavior: "instant" });
      if (at) return;
      if (was && !was.hidden && sheet.contains(from) && !was.contains(from)) go(was); // it was leafed through
      else if (from?.isConnected) {
        if (sheet.contains(from)) go(from.closest(".card"));
        from.focus({ preventScroll: true });
        near(from);
      }
    });
  });

  /** Where the layout has changed since, the old place on the page is elsewhere. */
  function near(target) {
    const { top, bottom } = target.getBoundingClientRect();
    if (target !== document.body && (bottom < 0 || top > innerHeight)) land(target, "center");
  }

  // --- one picture large, with its caption and what was found

  const large = $("large"), stage = $("stage");
  let at = null; // its card

  function raise(card) {
    at = card;
    large.classList.remove("alone");
    const row = leafed(), place = row.indexOf(card), pic = card.querySelector(".pic, .nothing").cloneNode(true);
    const img = pic.querySelector("img");
    if (img) img.loading = "eager";
    large.style.setProperty("--wide", img?.getAttribute("width") ?? 3);
    large.style.setProperty("--high", img?.getAttribute("height") ?? 2);
    stage.replaceChildren(pic);
    $("outline").hidden = !pic.querySelector(".crop");
    $("large-name").textContent = card.dataset.name;
    $("large-facts").replaceChildren(...[...card.querySelectorAll(".fate, .more > :not(.notes)")].map((e) => e.cloneNode(true)));
    for (const copy of $("large-facts").querySelectorAll(".copy")) copy.tabIndex = 0;
    const words = new Set();
    for (const word of $("large-facts").querySelectorAll(".term")) {
      word.replaceWith(words.has(word.dataset.means) ? word.textContent : asked(word));
      words.add(word.dataset.means);
    }
    $("large-findings").replaceChildren(...[...found.get(card)].map(told));
    $("place").value = `${place + 1} of ${row.length}`;
    $("before").disabled = !place;
    $("after").disabled = place + 1 === row.length;
    if (!large.open) { large.showModal(); $("shut").focus(); }
    large.querySelector(".large").scrollTop = 0;
  }

  /** A picture without a card: where two of them differ. */
  function alone(img) {
    large.classList.add("alone");
    large.style.setProperty("--wide", img.naturalWidth);
    large.style.setProperty("--high", img.naturalHeight);
    const pic = document.createElement("span"), shown = img.cloneNode();
    pic.className = "pic";
    shown.loading = "eager";
    pic.append(shown);
    stage.replaceChildren(pic);
    $("large-name").textContent = img.alt;
    $("large-facts").replaceChildren();
    $("large-findings").replaceChildren();
    large.showModal();
    $("shut").focus();
  }

  function lower() { at = null; large.close(); }

  /** The pictures one leafs through: those that are shown, or all if this one is not among them. */
  function leafed() {
    const shown = [...sheet.children].filter((c) => !c.hidden);
    return at.hidden ? [...sheet.children] : shown;
  }

  function leaf(step) {
    const next = leafed()[leafed().indexOf(at) + step];
    if (!next) return;
    raise(next);
    history.replaceState({ ...view(), from: -1, y: scrollY }, "", `#${next.id}`);
  }

  /** What was found, as the list says it, with the way there. */
  function told(id) {
    const item = document.createElement("li"), way = document.createElement("a"), entry = $(id);
    item.className = entry.className;
    item.append(...[...entry.querySelectorAll(".says, .why")].map((p) => p.cloneNode(true)));
    way.href = `#${id}`;
    way.textContent = "find it in the list";
    item.append(way);
    return item;
  }

  function asked(word) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "term";
    button.textContent = word.textContent;
    button.setAttribute("aria-describedby", word.dataset.means);
    return button;
  }

  large.addEventListener("close", () => { if (at) history.back(); });
  large.addEventListener("click", (e) => { if (e.target.matches("#large, .large, .stage")) large.close(); });
  $("shut").addEventListener("click", () => large.close());
  $("before").addEventListener("click", () => leaf(-1));
  $("after").addEventListener("click", () => leaf(1));
  $("outline").addEventListener("click", (e) => {
    e.currentTarget.setAttribute("aria-pressed", String(!large.classList.toggle("whole")));
  });

  // --- from a finding to its pictures, and back

  /** Shows where a finding stands in the list. */
  function reveal(entry) {
    if (!entry) return;
    for (const e of document.querySelectorAll(".lit")) e.classList.remove("lit");
    entry.classList.add("lit");
    const folded = entry.closest("details");
    if (folded) folded.open = true;
    entry.focus({ preventScroll: true });
    land(entry, "center");
  }

  function pictures(show) {
    leave(() => {
      q.value = fate.value = "";
      code.value = show.dataset.code ?? "";
      only = show.dataset.show;
      apply();
    }, "#pictures");
    const first = [...sheet.children].find((c) => !c.hidden);
    first?.querySelector(".mat").focus({ preventScroll: true });
    land($("pictures"));
  }

  document.addEventListener("click", (e) => {
    if (e.ctrlKey || e.metaKey || e.shiftKey) return;
    const link = e.target.closest('a[href^="#"]'), target = link && $(link.hash.slice(1));
    const show = e.target.closest("[data-show]"), mat = e.target.closest(".mat"), heat = e.target.closest(".heat");
    const picture = link?.classList.contains("enlarge") ? target : mat?.closest(".card");
    if (show?.dataset.show) {
      pictures(show);
    } else if (show) {
      all();
    } else if (heat) {
      alone(heat.querySelector("img"));
    } else if (picture) {
      e.preventDefault();
      (mat ?? link).focus({ preventScroll: true }); // Safari gives a button no focus when it is clicked
      leave(() => raise(picture), `#${picture.id}`);
    } else if (link?.hash.startsWith("#f-") && target) {
      e.preventDefault();
      leave(lower, link.hash);
      reveal(target);
    } else if (target?.classList.contains("card")) {
      if (target.hidden) all();
      requestAnimationFrame(() => go(target));
    } else if (target) {
      requestAnimationFrame(() => land(target));
    }
  });

  // --- what a word means: on hover, on tap, on focus

  let word = null, tip = null, held = false, later = 0;

  function explain(term) {
    if (term !== word) {
      hush();
      word = term;
      tip = $(term.getAttribute("aria-describedby") ?? term.dataset.means);
      (term.closest("dialog") ?? document.body).append(tip); // above a dialog only what lies in it can be seen
      tip.hidden = false;
    }
    clearTimeout(later);
    beside();
  }

  function hush() {
    clearTimeout(later);
    if (tip) tip.hidden = true;
    word = tip = null;
    held = false;
  }

  /** Above the word, or below where there is no room, and never beyond the window's edge. */
  function beside() {
    if (!word) return;
    const room = 8, box = word.getClientRects()[0], width = document.documentElement.clientWidth;
    if (!box || box.bottom < 0 || box.top > innerHeight) { hush(); return; }
    const middle = box.left + box.width / 2 - tip.offsetWidth / 2;
    const above = box.top - tip.offsetHeight - room;
    tip.style.left = `${Math.max(room, Math.min(middle, width - tip.offsetWidth - room))}px`;
    tip.style.top = `${above < room ? box.bottom + room : above}px`;
  }

  document.addEventListener("pointerover", (e) => {
    if (e.pointerType !== "mouse") return;
    const term = e.target.closest(".term");
    if (term) explain(term);
    else if (e.target.closest(".tip")) clearTimeout(later);
    else if (word && !held) { clearTimeout(later); later = setTimeout(hush, 150); }
  });
  document.addEventListener("focusin", (e) => {
    const term = e.target.closest(".term");
    if (term) { explain(term); held = true; } else if (word) hush();
  });
  let pressed = null;
  document.addEventListener("pointerdown", (e) => {
    if (word && !e.target.closest(".term, .tip")) hush();
    pressed = held ? word : null;
  });
  document.addEventListener("click", (e) => {
    const term = e.target.closest(".term");
    if (!term) return;
    if (e.detail && pressed === term) { hush(); return; }
    explain(term);
    held = true;
  });
  addEventListener("scroll", beside, { passive: true, capture: true });
  addEventListener("resize", beside, { passive: true });

  // --- keys, controls, and the pictures that are shown more than once

  document.addEventListener("keydown", (e) => {
    if (e.key === "Escape" && word) { e.preventDefault(); e.stopPropagation(); hush(); return; }
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName);
    if (large.open) {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
      if (step && !e.ctrlKey && !e.metaKey && !e.altKey) { e.preventDefault(); leaf(step); }
      return;
    }
    if (e.key === "/" && !typing) { e.preventDefault(); q.focus(); }
    if (e.key === "Escape") all();
    if (typing || e.ctrlKey || e.metaKey || e.altKey) return;
    const step = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[e.key];
    const card = e.target.closest?.(".card"), spot = e.target.closest?.(".map a");
    if (card && step) {
      const next = neighbour(card, ...step);
      if (next) { e.preventDefault(); go(next); }
    } else if (spot && step) {
      e.preventDefault();
      (step[0] + step[1] > 0 ? spot.nextElementSibling : spot.previousElementSibling)?.focus();
    }
  }, true);

  for (const control of [q, fate, code]) control.addEventListener("input", () => { only = ""; apply(); keep(); });
  sort.addEventListener("input", () => { arrange(); apply(); keep(); });
  $("reset").addEventListener("click", (e) => { e.preventDefault(); all(); });
  wall.addEventListener("click", () => {
    wall.setAttribute("aria-pressed", String(sheet.classList.toggle("wall")));
  });

  // A line that opens a place of the review page, for the terminal. Where nothing may be copied for a person, it is marked.
  for (const button of document.querySelectorAll(".copy")) button.hidden = false;
  document.addEventListener("click", async (e) => {
    const button = e.target.closest(".copy");
    if (!button) return;
    const line = button.closest(".way").querySelector("code");
    try { await navigator.clipboard.writeText(line.textContent); button.textContent = "copied"; } catch { getSelection().selectAllChildren(line); }
  });

  // Every thumbnail is in the file once; wherever it is shown again it is borrowed from its card, when it comes near.
  const borrow = (img) => {
    const own = document.querySelector(`#${img.dataset.of} img`);
    if (own) img.src = own.src;
  };
  const coming = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) { borrow(target); coming.unobserve(target); }
    }
  }, { rootMargin: "600px" });
  for (const img of document.querySelectorAll("img[data-of]")) coming.observe(img);
  apply();
  if (location.hash.startsWith("#f-")) reveal($(location.hash.slice(1)));
})();
