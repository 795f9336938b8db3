// Undo and redo: the groups' fields as they were, which the server turns into groups again.

import { restore } from "./edits.js";
import { fields, namesOfGroups, say, word } from "./page.js";

const MOST = 100;
const past = [];
const future = [];
let now = moment();
// Steps that are being taken: until they are, the page isn't what `now` says.
let steps = 0;

// After an edit has settled.
export function note() {
  if (steps) return;
  const next = moment();
  if (next !== now) {
    past.push(now);
    if (past.length > MOST) past.shift();
    future.length = 0;
    now = next;
  }
  show();
}

export async function undo() {
  note();
  await go(past, future, "undone");
}

export async function redo() {
  note();
  await go(future, past, "redone");
}

async function go(from, to, done) {
  if (!from.length) return;
  to.push(now);
  now = from.pop();
  steps += 1;
  await restore(now);
  steps -= 1;
  show();
  say(word(done));
}

function show() {
  document.querySelector("[data-undo]").disabled = !past.length;
  document.querySelector("[data-redo]").disabled = !future.length;
}

function moment() {
  const names = namesOfGroups();
  return new URLSearchParams([...fields()].filter(([name]) => names.has(name))).toString();
}
