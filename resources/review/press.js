/* A button is pressed from going down to going up: what is under it stays till then, or the browser makes no click of it. */
let pressed = false;
let waiting = [];

function up() {
  pressed = false;
  const those = waiting;
  waiting = [];
  setTimeout(() => those.forEach((go) => go())); // the click comes first
}

addEventListener("pointerdown", () => { pressed = true; }, true);
for (const end of ["pointerup", "pointercancel", "contextmenu"]) addEventListener(end, up, true);
addEventListener("blur", up); // of the window; no release is heard outside it

export const released = () => (pressed ? new Promise((go) => { waiting.push(go); }) : undefined);
