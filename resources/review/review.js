/* The page's hands. Everything it shows comes from the server as HTML; this file moves between pictures, turns keys
   into clicks, sends answers, and fetches the page again whenever a file changed. Texts are only ever set as text. */
"use strict";

const $ = (query, from = document) => from.querySelector(query);
const $$ = (query, from = document) => [...from.querySelectorAll(query)];
const writing = $("meta[name=writing]").content;
let main = $("#main");
let digests = JSON.parse(main.dataset.digests);
let at = null; // id of the card shown, or of the row that the keys are for
let busy = false;
let behind = false; // a file changed while an answer was on its way

/* --- moving */

const cards = () => $$(".card[data-id]:not([data-item])", main);
const items = () => $$("[data-item]", main).filter((item) => !item.hidden && !item.closest("[hidden]"));
const card = () => cards().find((c) => c.dataset.id === at) || null;
const item = () => items().find((i) => i.classList.contains("here")) || null;

function show(id, focus = true) {
  const all = cards();
  if (!all.length) return;
  const now = all.find((c) => c.dataset.id === id) || all.find((c) => c.dataset.state === "open") || all[0];
  at = now.dataset.id;
  for (const c of all) c.hidden = c !== now;
  for (const b of $$("[data-go]", main)) {
    const here = b.dataset.go === at;
    b.toggleAttribute("aria-current", here);
    if (here) b.parentElement.scrollLeft = b.offsetLeft - b.parentElement.clientWidth / 2;
  }
  if (focus) now.focus({ preventScroll: true });
  window.scrollTo({ top: 0 });
  if (!item() && items().length) here(items()[0], false);
  const next = all[all.indexOf(now) + 1];
  if (next) for (const img of $$("img.large[src]", next)) new Image().src = img.src; // ready when it is turned to
}

function here(target, focus = true) {
  for (const i of $$("[data-item].here", main)) i.classList.remove("here");
  if (!target) return;
  target.classList.add("here");
  if (focus) { target.focus({ preventScroll: true }); target.scrollIntoView({ block: "nearest" }); }
}

function move(step) {
  const list = items();
  const all = cards();
  const to = list.indexOf(item()) + step;
  if (list.length && (all.length < 2 || (to >= 0 && to < list.length))) return here(list[Math.max(0, Math.min(list.length - 1, to))]);
  if (all.length) show(all[(all.indexOf(card()) + step + all.length) % all.length].dataset.id);
}

function onward() { // to the next that is open, else stay
  const all = cards();
  const from = all.findIndex((c) => c.dataset.id === at);
  const next = [...all.slice(from + 1), ...all.slice(0, from)].find((c) => c.dataset.state === "open");
  if (next) show(next.dataset.id);
}

function settle() { // the place in the menu, and keys for who listens to the page
  for (const b of $$("[data-key]")) b.setAttribute("aria-keyshortcuts", b.dataset.key);
  const here = $(".top nav [aria-current]");
  if (here) here.parentElement.scrollLeft = here.offsetLeft - 40;
}

/* --- talking to the server */

async function post(address, body) {
  const response = await fetch(address, {
    method: "POST", headers: { "content-type": "application/json", "x-loraprep-write": writing }, body: JSON.stringify(body),
  });
  let told;
  try { told = await response.json(); } catch { told = { message: "The page has been closed. Start loraprep review again." }; }
  return { status: response.status, told };
}

let turn = Promise.resolve(); // ends when the answer on its way is written and shown
async function write(address, body, then) {
  if (busy && address !== "/undo") return; // nobody has seen yet what that key would answer
  while (busy) await turn;
  busy = true;
  document.body.setAttribute("aria-busy", "true");
  turn = send(address, body, then);
  return turn;
}

async function send(address, body, then) {
  try {
    const { status, told } = await post(address, { ...body, expected: digests[body.kind] });
    if (status === 409) return conflict(told, address, body, then);
    if (status !== 200) return toast(told.message, "bad");
    digests[told.kind] = told.digest;
    const lines = told.lines.map((l) => `${told.file}:${l.number}   ${l.text}`);
    toast(told.undone ? `Taken back. ${told.file} is as it was.` : lines.slice(0, 3).join("\n") + (lines.length > 3 ? `\nand ${lines.length - 3} more lines` : ""));
    if (then) await then(told);
  } catch {
    toast("The page cannot be reached. Is loraprep review still running?", "bad");
  } finally {
    busy = false;
    document.body.removeAttribute("aria-busy");
    if (behind) { behind = false; refresh(); }
  }
}

async function refresh() {
  const answer = await fetch(location.pathname, { headers: { accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  // from here on nothing waits, so that no key is pressed between looking and replacing
  const on = document.activeElement;
  if (on.matches("input, .row textarea") && main.contains(on)) { behind = true; return; } // when the hand is off it
  const drafts = new Map($$("textarea", main).filter((t) => t.value !== t.dataset.was).map((t) => [t.closest("[data-id]").dataset.id, t]));
  const inside = main.contains(on) || on === document.body;
  const editing = on.matches("textarea") && main.contains(on) && [on.selectionStart, on.selectionEnd];
  const place = window.scrollY;
  const unfolded = $$("details", main).map((d) => d.open);
  const sought = search() ? search().value : "";
  const row = item() && (item().dataset.id || item().dataset.picture);
  const looked = card() && card().dataset.look;
  main.replaceWith(fresh.getElementById("main"));
  $(".top").replaceWith($(".top", fresh));
  main = $("#main");
  digests = JSON.parse(main.dataset.digests);
  for (const [id, old] of drafts) {
    const t = $$("textarea", main).find((x) => x.closest("[data-id]").dataset.id === id);
    if (t) { t.value = old.value; measure(t); }
  }
  show(at, inside && !editing);
  if (looked && card() && looked !== card().dataset.look) look(card(), looked);
  if (row) here(items().find((i) => (i.dataset.id || i.dataset.picture) === row), inside);
  if (editing && card()) { $("textarea", card()).focus(); $("textarea", card()).setSelectionRange(...editing); }
  if (search()) { search().value = sought; filter(); }
  $$("details", main).forEach((d, n) => { if (n < unfolded.length) d.open = unfolded[n]; });
  settle();
  window.scrollTo({ top: place });
}

/* --- saying what happened */

let fading;
function toast(text, kind = "") {
  const box = $(".toast");
  box.textContent = text;
  box.className = `toast ${kind}`;
  box.hidden = false;
  clearTimeout(fading);
  fading = setTimeout(() => { box.hidden = true; }, kind ? 12000 : 6000);
}

let pending = null;
function conflict(told, address, body, then) {
  const box = $(".conflict");
  $(".message", box).textContent = told.message;
  $(".theirs", box).textContent = told.theirs || "nothing under this name";
  $(".yours", box).textContent = told.yours;
  pending = { digest: told.digest, address, body, then };
  if (address === "/undo") { toast(told.message + " Undo it in your editor.", "bad"); pending = null; behind = true; return; }
  box.showModal();
}

/* --- answering */

function values(button) {
  const kind = button.dataset.kind || button.closest("[data-kind]").dataset.kind;
  const holder = button.closest("[data-id]");
  const given = JSON.parse(button.dataset.values);
  write("/answer", { kind, id: holder ? holder.dataset.id : "", values: given }, async () => { await refresh(); onward(); });
}

function toggled(c) { // what the keep marks of a group say, as an answer
  const ids = $$("[data-toggle]", c).filter((b) => b.getAttribute("aria-pressed") === "true").map((b) => b.dataset.toggle);
  const all = $$("[data-toggle]", c).length;
  return { keep: ids.length === all ? "all" : ids.length ? ids : "none" };
}

const actions = {
  undo: () => write("/undo", { kind: "" }, refresh),
  run: async () => {
    const { told } = await post("/run", {});
    if (!told.started) toast("Gate 1 is running already.");
    $(".progress").hidden = false;
  },
  "hide-run": () => { $(".progress").hidden = true; },
  keys: () => {
    const list = $(".keys dl");
    list.replaceChildren();
    for (const b of keyed()) {
      const [t, d] = [document.createElement("dt"), document.createElement("dd")];
      t.textContent = $("kbd", b) ? $("kbd", b).textContent : b.dataset.key;
      d.textContent = [...b.childNodes].filter((n) => n.nodeName !== "KBD").map((n) => n.textContent).join(" ").trim();
      list.append(t, d);
    }
    $(".keys").showModal();
  },
  theirs: () => { $(".conflict").close(); refresh(); },
  yours: () => {
    const p = pending;
    $(".conflict").close();
    if (p) { digests[p.body.kind] = p.digest; write(p.address, p.body, p.then); }
  },
  edit: (button) => { const t = $("textarea", button.closest(".card")); t.focus(); t.setSelectionRange(t.value.length, t.value.length); },
  focus: (button) => $("input", button.form).focus(),
  row: (button) => editRow(button.closest(".row")),
};

/* --- looking at copies and sizes */

function look(c, how) {
  const figures = $$("figure", c);
  const again = how === "flip" && c.dataset.look === "flip";
  c.dataset.look = how;
  const front = again ? (figures.findIndex((f) => f.classList.contains("front")) + 1) % figures.length : 0;
  figures.forEach((f, n) => {
    f.classList.toggle("front", n === front);
    for (const [kind, when] of [[".difference", "differ"], [".laid", "flip"]]) { // both are in the first picture's frame
      const mark = $(kind, f);
      if (mark) { if (how === when && !mark.src) mark.src = mark.dataset.src; mark.hidden = how !== when; }
    }
  });
  for (const b of $$("[data-look]", c)) if (b !== c) b.setAttribute("aria-pressed", String(b.dataset.look === how));
}

function sized(c, button) {
  for (const img of $$(".trained", c)) { img.src = img.dataset.base + button.dataset.size; img.removeAttribute("width"); img.removeAttribute("height"); }
  for (const b of $$("[data-size]", c)) b.setAttribute("aria-pressed", String(b === button));
}

/* --- hands */

document.addEventListener("click", (event) => {
  const target = event.target.closest("button, a, [data-item]");
  if (!target) return;
  const holder = target.closest("[data-item]");
  if (holder) here(holder, false);
  const d = target.dataset;
  if (d.do) actions[d.do](target);
  else if (d.values) values(target);
  else if (d.go) show(d.go);
  else if (d.look && target.matches("button")) look(target.closest(".card"), d.look);
  else if (d.size) sized(target.closest(".card"), target);
  else if (d.drop) drop(target);
  else if (d.term) { search().value = search().value === d.term ? "" : d.term; filter(); }
  else if (d.toggle) {
    target.setAttribute("aria-pressed", String(target.getAttribute("aria-pressed") !== "true"));
    const c = target.closest(".card");
    write("/answer", { kind: "duplicates", id: c.dataset.id, values: toggled(c) }, refresh);
  } else if (d.out) {
    const c = target.closest(".card");
    target.setAttribute("aria-pressed", String(target.getAttribute("aria-pressed") !== "true"));
    const out = $$("[data-out][aria-pressed=true]", c).map((b) => b.dataset.out);
    write("/answer", { kind: "curation", id: c.dataset.id, values: { answer: out.length ? out : "together" } }, refresh);
  } else if (d.pin) {
    const c = target.closest(".card");
    const figure = target.closest("figure");
    figure.classList.toggle("leaves");
    const out = $$("figure.leaves", c).map((f) => f.dataset.picture);
    write("/answer", { kind: "curation", id: c.dataset.id, values: { answer: out.length ? out : d.none } }, refresh);
  }
});

function keyed() { // the buttons that a key can press now, nearest first
  const box = $("dialog[open]");
  if (box) return $$("[data-key], [data-code]", box);
  const places = [item(), card(), ...$$(".hero", main), $(".progress:not([hidden])"), $(".top"), $(".foot")];
  return places.filter(Boolean).flatMap((place) => $$("[data-key], [data-code]", place)).filter((b) => b.offsetParent !== null);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const on = event.target;
  const open = $("dialog[open]");
  if (open) {
    if (open.matches(".conflict") && event.key.toLowerCase() === "w") { event.preventDefault(); actions.yours(); }
    return;
  }
  if (on.matches("textarea")) {
    if (event.key === "Enter") { event.preventDefault(); saveText(on); }
    if (event.key === "Escape") {
      on.value = on.dataset.was;
      if (on.closest(".row")) endRow(on.closest(".row"), on.dataset.was);
      else { measure(on); on.closest(".card").focus(); }
    }
    return;
  }
  if (on.matches("input")) {
    if (event.key === "Escape") { on.blur(); if (item()) item().focus(); }
    return;
  }
  if (event.key === "Enter" && on.matches("button, a, summary")) return; // the browser presses it
  if (event.key === "ArrowRight" || event.key === "ArrowDown" && items().length) { event.preventDefault(); return move(1); }
  if (event.key === "ArrowLeft" || event.key === "ArrowUp" && items().length) { event.preventDefault(); return move(-1); }
  if (event.key === "/" && search()) { event.preventDefault(); return search().focus(); }
  const found = keyed().find((b) => (event.shiftKey && b.dataset.code ? b.dataset.code === event.code : b.dataset.key === event.key));
  if (found) { event.preventDefault(); found.click(); }
});

document.addEventListener("input", (event) => {
  if (event.target.matches(".card textarea")) measure(event.target);
  if (event.target.id === "search") filter();
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "dialog") return;
  event.preventDefault();
  if (form.id === "replace") preview(form);
  if (form.matches(".accept")) {
    const c = form.closest(".card");
    write("/answer", { kind: "gate", id: c.dataset.id, values: { reason: form.reason.value } }, async () => { document.activeElement.blur(); await refresh(); move(0); });
  }
});

document.addEventListener("focusout", () => { if (behind && !busy) setTimeout(() => { if (behind && !document.activeElement.matches("input, .row textarea")) { behind = false; refresh(); } }); });
$(".conflict").addEventListener("cancel", () => refresh());

/* --- what changes by itself */

const stream = new EventSource("/events");
stream.addEventListener("files", (event) => {
  const now = JSON.parse(event.data);
  const running = document.body.classList.contains("running"); // its files change by the second; they are shown at its end
  if (Object.keys(now).every((name) => now[name] === digests[name] || (running && name === "build"))) return;
  if (busy) behind = true;
  else refresh();
});
const output = $(".progress pre");
stream.addEventListener("start", () => { output.textContent = ""; $(".progress").hidden = false; document.body.classList.add("running"); });
stream.addEventListener("lines", (event) => {
  output.textContent += JSON.parse(event.data).join("\n") + "\n";
  output.scrollTop = output.scrollHeight;
});
stream.addEventListener("end", async (event) => {
  document.body.classList.remove("running");
  const code = JSON.parse(event.data).code;
  toast(code === 0 ? "Gate 1: GO" : code === 1 ? "Gate 1 is done. What is left is on the page." : "Gate 1 ended with a problem; its last lines say why.", code === 0 ? "good" : code === 1 ? "" : "bad");
  await refresh();
  if (card() && card().dataset.state !== "open") onward();
});
let lost;
stream.addEventListener("error", () => { lost = setTimeout(() => toast("Closed. Start loraprep review again to go on; everything you decided is written.", "bad"), 3000); });
stream.addEventListener("open", () => clearTimeout(lost));
window.addEventListener("pagehide", () => stream.close());

if (matchMedia("(max-width: 900px)").matches) for (const d of $$("aside details", main)) d.open = false;
show(location.hash.slice(1), false);
settle();
if (!cards().length && items().length && main.dataset.view !== "texts") here(items()[0], false);
