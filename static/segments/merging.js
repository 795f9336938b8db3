// Work a new rendering of the groups into the page: what is there stays, with all that was
// typed into it meanwhile; what is new comes in, what is gone goes.

import { groups } from "./page.js";

// `posted` is what the rendering answers to: where it differs, the server has changed something.
export function merge(answer, posted) {
  const { id, value } = document.activeElement ?? {};
  const fresh = answer.getElementById("segment-groups");
  const wanted = fresh.querySelector("[autofocus]")?.id;
  reconcile(groups, fresh, posted);
  if (!id) return refocus(wanted);
  // Whoever is typing goes on, also where another field has come into the place of theirs.
  const isTyping = value && document.getElementById(id)?.matches("[type=search]");
  refocus(...(isTyping ? [id] : [wanted, id]));
  if (isTyping) carryOn(document.getElementById(id), value);
}

function carryOn(field, value) {
  if (field.value === value) return;
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

// Nothing stays: the groups as they were at another time.
export function replace(answer) {
  const focused = document.activeElement?.id;
  groups.replaceChildren(...answer.getElementById("segment-groups").children);
  refocus(focused);
}

function reconcile(parent, fresh, posted) {
  const here = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const kept = [...fresh.children].map((wanted) => {
    const found = here.get(wanted.dataset.key);
    const stays = found && wanted.dataset.key && found.dataset.shape === wanted.dataset.shape;
    return stays ? keep(found, wanted, posted) : document.adoptNode(wanted);
  });
  for (const child of [...parent.children]) if (!kept.includes(child)) child.remove();
  kept.forEach((child, place) => {
    if (parent.children[place] !== child) parent.insertBefore(child, parent.children[place] ?? null);
  });
}

function keep(here, wanted, posted) {
  const rows = here.querySelector("[data-rows]");
  if (!rows) return here;
  copy(here, wanted, "legend", "textContent");
  copy(here, wanted, ".segment-title", "placeholder");
  for (const field of wanted.querySelectorAll(".segment-group-head :is([type=radio], [type=checkbox])")) {
    const was = posted.getAll(field.name).includes(field.value);
    if (field.checked !== was) {
      here.querySelector(`[name="${field.name}"][value="${field.value}"]`).checked = field.checked;
    }
  }
  reconcile(rows, wanted.querySelector("[data-rows]"), posted);
  return here;
}

function copy(here, wanted, selector, property) {
  here.querySelector(selector)[property] = wanted.querySelector(selector)[property];
}

function refocus(...ids) {
  for (const id of ids) {
    const element = id && document.getElementById(id);
    if (element) {
      if (document.activeElement !== element) element.focus();
      return;
    }
  }
}
