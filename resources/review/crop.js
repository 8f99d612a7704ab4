/* Drawing a crop: a box that takes the shape of the nearest bucket. Everything here is in pixels of the picture. */
import { $, $$ } from "./dom.js";

const LEAST = 32;
let table = null; // while a box is drawn
let box = null; // {x, y, w, h}
let fresh = false; // nothing is drawn yet: a drag draws a new one
let held = null; // what the pointer holds: a corner, the box, or a new one
let ratio = 0; // of the box; 0: any

export const going = () => table !== null;
const whole = () => { const { width, height } = $(".laid-out", table).dataset; return { w: Number(width), h: Number(height) }; };
const ratios = () => JSON.parse($(".laid-out", table).dataset.ratios);
const nearest = (shape) => ratios().reduce((a, b) => (Math.abs(Math.log(b / shape)) < Math.abs(Math.log(a / shape)) ? b : a));

export function start(light) {
  table = light;
  const part = $(".part", table);
  const { w, h } = whole();
  const [x, y, pw, ph] = ["x", "y", "width", "height"].map((name, n) => parseFloat(part.getAttribute(name)) / 100 * (n % 2 ? h : w));
  box = { x, y, w: pw, h: ph };
  fresh = !$(".laid-out", table).dataset.drawn;
  ratio = nearest(pw / ph);
  fitted();
  for (const b of $$(".crop-actions", table)) b.hidden = false;
  $(".standing .actions", table).hidden = true;
  $(".cropping", table).removeAttribute("hidden");
  table.classList.add("cropped");
  $("svg", table).addEventListener("pointerdown", grab);
  draw();
  $("svg", table).focus();
}

export function end(light) {
  const now = table || light;
  table = null;
  held = null;
  now.classList.remove("cropped");
  const svg = $("svg", now);
  if (!svg) return;
  svg.removeEventListener("pointerdown", grab);
  $(".cropping", now).setAttribute("hidden", "");
  $(".measure", now).hidden = true;
  for (const b of $$(".crop-actions", now)) b.hidden = true;
  $(".standing .actions", now).hidden = false;
}

export function shares() { // left, top, right, bottom
  const { w, h } = whole();
  return [box.x / w, box.y / h, (box.x + box.w) / w, (box.y + box.h) / h].map((n) => Math.round(Math.min(1, Math.max(0, n)) * 1e4) / 1e4);
}

function fitted() { // the box in its shape, inside the picture, in the place of its middle
  const { w, h } = whole();
  const [mx, my] = [box.x + box.w / 2, box.y + box.h / 2];
  if (ratio) {
    const area = box.w * box.h;
    box.w = Math.sqrt(area * ratio);
    box.h = box.w / ratio;
    const over = Math.max(box.w / w, box.h / h, 1);
    box.w /= over;
    box.h /= over;
  }
  box.w = Math.min(w, Math.max(LEAST, box.w));
  box.h = Math.min(h, Math.max(LEAST, box.h));
  box.x = Math.min(w - box.w, Math.max(0, mx - box.w / 2));
  box.y = Math.min(h - box.h, Math.max(0, my - box.h / 2));
}

export function shapeOn() { // the next bucket's shape
  const all = ratios();
  ratio = all[(all.findIndex((r) => Math.abs(r - ratio) < 1e-6) + 1) % all.length];
  fitted();
  draw();
}

export function key(name, sized) { // arrows
  const { w, h } = whole();
  fresh = false;
  const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[name];
  if (sized) {
    const by = dx + dy > 0 ? 1.03 : 1 / 1.03;
    const [mx, my] = [box.x + box.w / 2, box.y + box.h / 2];
    box.w *= by;
    box.h *= by;
    box.x = mx - box.w / 2;
    box.y = my - box.h / 2;
    fitted();
  } else {
    box.x = Math.min(w - box.w, Math.max(0, box.x + dx * w / 100));
    box.y = Math.min(h - box.h, Math.max(0, box.y + dy * h / 100));
  }
  draw();
}

function draw() {
  const rect = $(".cropping .box", table);
  for (const [name, value] of [["x", box.x], ["y", box.y], ["width", box.w], ["height", box.h]]) rect.setAttribute(name, value);
  const { w, h } = whole();
  $(".shade", table).setAttribute("d", `M0 0H${w}V${h}H0Z M${box.x} ${box.y}h${box.w}v${box.h}h${-box.w}Z`);
  for (const c of $$("[data-corner]", table)) {
    c.setAttribute("cx", box.x + (c.dataset.corner.includes("e") ? box.w : 0));
    c.setAttribute("cy", box.y + (c.dataset.corner.includes("s") ? box.h : 0));
    c.setAttribute("r", Math.max(w, h) / 70);
  }
  const said = $(".measure", table);
  said.hidden = false;
  said.textContent = `${Math.round(box.w)} x ${Math.round(box.h)} px${ratio ? `, the shape of a bucket (${ratio.toFixed(2)})` : ", a shape of its own"}`;
}

function at(event) {
  const p = new DOMPoint(event.clientX, event.clientY).matrixTransform($("svg", table).getScreenCTM().inverse());
  const { w, h } = whole();
  return { x: Math.min(w, Math.max(0, p.x)), y: Math.min(h, Math.max(0, p.y)) };
}

function grab(event) {
  if (event.button !== 0) return;
  event.preventDefault();
  const p = at(event);
  const corner = event.target.closest("[data-corner]");
  const inside = p.x > box.x && p.x < box.x + box.w && p.y > box.y && p.y < box.y + box.h;
  if (corner) {
    const name = corner.dataset.corner;
    held = { x: box.x + (name.includes("e") ? 0 : box.w), y: box.y + (name.includes("s") ? 0 : box.h) };
  } else if (inside && !fresh) held = { dx: p.x - box.x, dy: p.y - box.y };
  else held = { x: p.x, y: p.y };
  fresh = false;
}

function drawn(event) {
  if (!held || !table) return;
  const p = at(event);
  const { w, h } = whole();
  if ("dx" in held) {
    box.x = Math.min(w - box.w, Math.max(0, p.x - held.dx));
    box.y = Math.min(h - box.h, Math.max(0, p.y - held.dy));
    return draw();
  }
  let [wide, high] = [Math.abs(p.x - held.x), Math.abs(p.y - held.y)];
  if (Math.max(wide, high) < LEAST) return undefined;
  const [right, down] = [p.x >= held.x, p.y >= held.y];
  const [roomX, roomY] = [right ? w - held.x : held.x, down ? h - held.y : held.y];
  ratio = event.shiftKey ? 0 : nearest(Math.max(wide, 1) / Math.max(high, 1));
  if (ratio) {
    wide = Math.sqrt(wide * high * ratio) || wide;
    wide = Math.min(wide, roomX, roomY * ratio);
    high = wide / ratio;
  }
  if (Math.min(wide, high) < LEAST) return undefined;
  box = { x: right ? held.x : held.x - wide, y: down ? held.y : held.y - high, w: wide, h: high };
  return draw();
}

addEventListener("pointermove", drawn);
addEventListener("pointerup", () => { held = null; });
