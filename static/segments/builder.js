// The segment form, live: what happens in it goes to whom it concerns. Without this script the
// same buttons send the form, and it comes back changed.

import { press } from "./edits.js";
import * as guard from "./guard.js";
import * as history from "./history.js";
import { closeOthers } from "./menus.js";
import { form, groups } from "./page.js";
import { enhance } from "./pickers.js";
import { count, fail } from "./reach.js";
import { get } from "./server.js";

// While somebody types, a word is waited for.
const TYPING = 150;

form.classList.add("segment-is-live");
enhance(groups);

form.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button?.name === "_save" && isAnswered) return guard.leave();
  event.preventDefault();
  if (button?.name === "_save") return save(button);
  closeOthers();
  if (!button || button.name === "_refresh") count();
  else press(button.name, button.value).then(settle);
});

// A form that is sent to nobody, or by nobody who is signed in, would be lost.
let isAnswered = false;

async function save(button) {
  try {
    await get(form.dataset.picks);
    isAnswered = true;
    form.requestSubmit(button);
  } catch (error) {
    fail(error, "unsaved");
  }
  isAnswered = false;
}

form.addEventListener("change", (event) => {
  guard.look();
  if (event.target.matches("[data-reshapes]")) return press("_refresh").then(settle);
  if (!inBuilder(event.target)) return;
  history.note();
  count();
});

form.addEventListener("input", (event) => {
  guard.look();
  if (inBuilder(event.target) && event.target.matches("input, textarea")) count(TYPING);
});

form.addEventListener("click", (event) => {
  if (event.target.closest("[data-undo]")) history.undo().then(guard.look);
  if (event.target.closest("[data-redo]")) history.redo().then(guard.look);
});

document.addEventListener("keydown", (event) => {
  const move = { ArrowUp: "_move_up", ArrowDown: "_move_down" }[event.key];
  const part = event.target.closest(".segment-row, .segment-group");
  if (event.altKey && move && part) {
    event.preventDefault();
    press(move, part.dataset.key).then(settle);
  }
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  const key = event.key.toLowerCase();
  if (key === "s") {
    event.preventDefault();
    form.querySelector("[name=_save]").click();
  } else if ((key === "z" || key === "y") && !isTyping(event.target)) {
    event.preventDefault();
    const again = key === "y" || event.shiftKey;
    (again ? history.redo() : history.undo()).then(guard.look);
  }
});

function settle() {
  history.note();
  guard.look();
}

// A text field undoes what was typed into it by itself.
function isTyping(element) {
  return element.matches("textarea, input:not([type=radio], [type=checkbox])") && element.value !== "";
}

function inBuilder(element) {
  return element.closest("#segment-groups, .segment-aside, .campaign-targets") !== null;
}
