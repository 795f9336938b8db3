// The numbers follow every edit. Only the newest question is answered: an older one is broken off.

import { fields, form, say, word } from "./page.js";
import { SignedOut, post } from "./server.js";

let waiting;
let asked = null;

export function count(after = 0) {
  stop();
  waiting = setTimeout(ask, after);
}

// Nothing that was asked before now will be shown.
export function stop() {
  clearTimeout(waiting);
  asked?.abort();
  asked = null;
  form.classList.remove("segment-is-counting");
}

async function ask() {
  const mine = new AbortController();
  asked = mine;
  form.classList.add("segment-is-counting");
  try {
    const answer = await post(form.dataset.reach, fields(), mine.signal);
    if (asked !== mine) return;
    show(answer);
    stop();
  } catch (error) {
    if (asked === mine) fail(error);
  }
}

// Put the parts of an answer that may change at any time in the place of those that are there.
export function show(answer) {
  document.getElementById("segment-trouble")?.remove();
  for (const part of answer.querySelectorAll("[data-live][id]")) {
    const here = document.getElementById(part.id);
    if (here && here.outerHTML !== part.outerHTML) here.replaceWith(document.adoptNode(part));
  }
  const { said } = document.getElementById("segment-reach").dataset;
  if (said) say(said);
}

// Say that the numbers are old by now. What was typed stays where it is.
export function fail(error, otherwise = "lost") {
  stop();
  const trouble = document.getElementById("segment-trouble") ?? document.createElement("p");
  trouble.id = "segment-trouble";
  trouble.className = "segment-warning";
  trouble.textContent = word(error instanceof SignedOut ? "signedOut" : otherwise);
  document.querySelector(".segment-aside").prepend(trouble);
  say(trouble.textContent);
}
