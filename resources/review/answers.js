/* Answers on their way. The next question shows at once; what was answered is written one after the other. */
import { $ } from "./dom.js";
import { digest, learn, view } from "./page.js";
import { answered, card, show, unanswered } from "./deck.js";
import { post } from "./talk.js";
import { toast } from "./toast.js";

const queue = [];
let going = null; // ends when nothing is on its way
let refused = null; // the answer that met another file
let refresh = async () => {};
export const onWritten = (then) => { refresh = then; };

export const busy = () => going !== null;
export async function settled() { while (going) await going; }

const say = (text) => { $(".saved").textContent = text; };

/* `at`: the ident of the question, to come back to; `then`: what to do once it is written; `quiet`: said elsewhere;
   `met`: what it was written over is another one by now, so that it is asked about */
export function write(address, body, { at = "", then = () => {}, failed = () => {}, quiet = false, met = "" } = {}) {
  queue.push({ address, body: { ...body, view: view().dataset.view, at }, at, then, failed, quiet, met });
  return pump();
}

export function pump() {
  if (going || refused) return going;
  document.body.setAttribute("aria-busy", "true");
  going = drain().finally(() => { going = null; document.body.removeAttribute("aria-busy"); });
  return going;
}

/* What is answered while the page is made anew goes, too: nothing waits unsent behind "Saved". */
async function drain() {
  do { if (!await send()) return; } while (queue.length && !refused);
}

async function send() {
  say("Saving…");
  while (queue.length && !refused) {
    const one = queue[0];
    let came;
    try {
      came = await post(one.address, { ...one.body, expected: one.met || digest(one.body.kind) });
    } catch {
      toast("The page cannot be reached. Is loraprep review still running? Your last answers wait in this window.", "bad");
      say(`${queue.length} not saved yet`);
      return false;
    }
    const { status, told } = came;
    if (status === 409) { conflict(told, one); break; }
    queue.shift();
    if (status !== 200) { toast(told.message, "bad"); say(""); unanswered(one.at); one.failed(); await refresh(); continue; }
    learn(told.kind, told.digest);
    if (!one.quiet) toast(told.said, "", told);
    await one.then(told);
  }
  if (!queue.length) say("Saved");
  if (!refused) await refresh();
  return true;
}

/* --- somebody else wrote the file meanwhile */

function conflict(told, one) {
  const box = $(".conflict");
  if (one.address !== "/answer" && one.address !== "/replace") {
    queue.shift();
    return toast(told.message + " Change it in your editor.", "bad");
  }
  $(".message", box).textContent = told.message;
  $(".theirs", box).textContent = told.theirs || "nothing under this name";
  $(".yours", box).textContent = told.yours;
  refused = { one, digest: told.digest };
  box.showModal();
}

export async function decide(mine) {
  const { one, digest: now } = refused || {};
  if (!one) return;
  refused = null;
  $(".conflict").close();
  await settled();
  one.met = "";
  learn(one.body.kind, now);
  if (!mine) { queue.shift(); unanswered(one.at); one.failed(); if (one.at && card()) show(one.at); }
  if (queue.length) pump();
  else { say(""); await refresh(); }
}

/* --- the answers themselves */

export function answer(kind, id, values, more = {}) {
  if (id) answered(id);
  return write("/answer", { kind, id, values }, { at: id, ...more });
}

export function takeBack(address) {
  if (busy() && queue.some((one) => one.address === address)) return going;
  return write(address, { kind: "" }, {
    then: (told) => {
      unanswered(told.at);
      if (told.view && told.view !== view().dataset.view) {
        location.href = `/${told.view === "overview" ? "" : told.view}?at=${encodeURIComponent(told.at)}`;
      } else if (told.at) document.dispatchEvent(new CustomEvent("back", { detail: told.at }));
    },
  });
}

addEventListener("beforeunload", (event) => { if (queue.length) event.preventDefault(); });
export const waiting = () => queue.length > 0;
export const retry = () => { if (queue.length) pump(); };
