// The form, what it holds, and what is said about it. Everything else here starts from these.

export const form = document.getElementById("segment-form");
export const groups = document.getElementById("segment-groups");

// What somebody looks at and not what they make: no edit, and nothing to be saved.
const PASSING = /^(csrfmiddlewaretoken|live|_refresh)$|-(search|more|collapsed|was)$|^lookup$/;

// The form as a request has it.
export function fields() {
  const found = new URLSearchParams(new FormData(form));
  found.set("live", "1");
  return found;
}

// What would be saved, as a text to compare with.
export function content() {
  const kept = [...fields()].filter(([name]) => !PASSING.test(name));
  return new URLSearchParams(kept).toString();
}

// The names of the fields inside the groups that make up the segment.
export function namesOfGroups() {
  const names = [...groups.querySelectorAll("[name]")].map((field) => field.name);
  return new Set(names.filter((name) => !PASSING.test(name) || name.endsWith("-was")));
}

const words = document.getElementById("segment-words").dataset;

export function word(name, values = {}) {
  return words[name].replace(/%\((\w+)\)s/g, (_, key) => values[key]);
}

let saying;

// For screen readers, once what happens has settled.
export function say(text, after = 400) {
  clearTimeout(saying);
  saying = setTimeout(() => {
    document.getElementById("segment-said").textContent = text;
  }, after);
}
