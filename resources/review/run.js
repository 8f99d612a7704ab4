/* A run of the tool: how far it is, and what came of it. Its log is folded away. */
import { $, made } from "./dom.js";
import { post } from "./talk.js";
import { toast } from "./toast.js";

const NAMES = { gate1: "Gate 1", dataset: "Building the training folder", export: "Export" };
const ENDS = { gate1: "Gate 1 is done. What is left is on the page.", dataset: "The training folder is built: dataset/", export: "Exported: what your trainers need beside dataset/ lies in exports/" };
const FAR = /(\d+) of (\d+)/;
const panel = () => $(".progress");

export async function run(what) {
  const { status, told } = await post("/run", { what });
  if (status !== 200) return toast(told.message, "bad");
  if (!told.started) toast("Something runs already; wait for its end.");
  panel().hidden = false;
}

export const hide = () => { panel().hidden = true; };
export const running = () => document.body.classList.contains("running");

export function started({ what }) {
  $("details pre", panel()).textContent = "";
  $(".next", panel()).hidden = true;
  $("strong", panel()).textContent = NAMES[what];
  $("span", panel()).textContent = "begins";
  $("progress", panel()).hidden = false;
  $("progress", panel()).removeAttribute("value");
  panel().hidden = false;
  document.body.classList.add("running");
}

export function said(lines) {
  const log = $("details pre", panel());
  log.textContent += lines.join("\n") + "\n";
  log.scrollTop = log.scrollHeight;
  const last = lines.filter((line) => line.trim()).at(-1);
  if (!last) return;
  $("span", panel()).textContent = last.trim();
  const far = last.match(FAR);
  if (far) $("progress", panel()).value = far[1] / far[2];
  else $("progress", panel()).removeAttribute("value");
}

const NEXT = /^Next, .+:$/; // what is typed next stands below it, further in

function typedNext(lines) { // the commands that the run named, to read and to copy
  const box = $(".next", panel());
  box.replaceChildren();
  lines.forEach((line, n) => {
    if (!NEXT.test(line)) return;
    const below = lines.slice(n + 1);
    const end = below.findIndex((other) => !other.startsWith("  "));
    const command = below.slice(0, end < 0 ? below.length : end).map((other) => other.trim()).join("\n");
    const copy = made("button", "Copy", { onclick: () => navigator.clipboard.writeText(command).then(() => { copy.textContent = "Copied"; }, () => toast("The browser does not let the page copy. Mark the text instead.", "bad")) });
    box.append(made("p", line), made("pre", command, { tabIndex: 0 }), copy);
  });
  box.hidden = !box.childElementCount;
}

export function ended({ code, what }) { // once the page shows what it left behind
  document.body.classList.remove("running");
  $("progress", panel()).hidden = true;
  const verdict = $(".verdict", document).dataset.headline;
  const failed = code !== 0 && !(what === "gate1" && code === 1);
  const words = failed ? "It ended with a problem; its last lines say why." : what === "gate1" ? verdict : ENDS[what];
  $("strong", panel()).textContent = words;
  $("span", panel()).textContent = "";
  if (failed) $("details", panel()).open = true;
  else if (what === "export") typedNext($("details pre", panel()).textContent.split("\n"));
  if (panel().hidden) toast(failed ? words : what === "gate1" && code === 1 ? ENDS.gate1 : words, failed ? "bad" : code === 0 ? "good" : "");
}
