// Unsaved changes: said beside the button, and asked about before they are left.

import { content, form } from "./page.js";

const note = document.querySelector("[data-unsaved-note]");
let saved = "unsaved" in form.dataset ? null : content();
let isSaving = false;

export function look() {
  note.hidden = content() === saved;
}

export function leave() {
  isSaving = true;
}

window.addEventListener("beforeunload", (event) => {
  if (!isSaving && content() !== saved) event.preventDefault();
});

// A page that the browser kept is what it was when it was left.
window.addEventListener("pageshow", () => {
  isSaving = false;
  look();
});
