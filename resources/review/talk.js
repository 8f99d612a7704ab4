/* Talking to the server. What comes is shown where somebody may be pressing, so it is given out once nobody is. */
import { $ } from "./dom.js";
import { released } from "./press.js";

const writing = $("meta[name=writing]").content;
const tab = sessionStorage.getItem("tab") || Math.random().toString(36).slice(2);
sessionStorage.setItem("tab", tab); // undo takes back what was answered in this window

export async function post(address, body) {
  const text = JSON.stringify({ ...body, tab });
  const response = await fetch(address, {
    method: "POST", headers: { "content-type": "application/json", "x-loraprep-write": writing }, body: text,
    keepalive: text.length < 60000, // arrives even if the window closes; browsers allow 64 kB of it
  });
  let told;
  try { told = await response.json(); } catch { told = { message: "The page has been closed. Start loraprep review again." }; }
  await released();
  return { status: response.status, told };
}

export async function page(address) { // null if it cannot be had
  const answer = await fetch(address, { headers: { accept: "text/html" } });
  const text = await answer.text();
  await released();
  return answer.ok ? new DOMParser().parseFromString(text, "text/html") : null;
}

export async function fragment(address) { // one element, null if it cannot be had
  const there = await page(address);
  return there && there.body.firstElementChild;
}

export async function got(address) { // a list, empty if it cannot be had
  const answer = await fetch(address);
  return answer.ok ? answer.json() : [];
}

export const filled = (text) => new DOMParser().parseFromString(text, "text/html").body.firstElementChild; // what a template made

export async function part(name, from, query) { // {total, items}: elements of a long list
  const answer = await fetch(`/part/${name}?from=${from}&${query}`);
  if (!answer.ok) return { total: 0, items: [] };
  const text = await answer.text();
  await released();
  const items = [...new DOMParser().parseFromString(text, "text/html").body.children];
  return { total: Number(answer.headers.get("x-total")), items };
}
