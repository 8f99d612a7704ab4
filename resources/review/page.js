/* What the page stands for: its view, and which files it was made of. */
import { $ } from "./dom.js";

let main = $("#main");
let digests = JSON.parse(main.dataset.digests);

export const view = () => main;
export const digest = (kind) => digests[kind];
export const learn = (kind, value) => { digests[kind] = value; };

export function replaceView(fresh, beside) { // `beside`: lays it around what somebody writes in; false if nobody does
  if (!beside(main, fresh)) { main.replaceWith(fresh); main = fresh; }
  digests = JSON.parse(main.dataset.digests);
}

export function differs(stamps, running) { // a run's files change by the second; they are shown at its end
  return Object.keys(stamps).some((name) => stamps[name] !== digests[name] && !(running && ["build", "made"].includes(name)));
}
