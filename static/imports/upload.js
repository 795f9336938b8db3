/* Sending a file: says how far it is, because a large one takes minutes. Without this script,
   or without htmx, the form sends itself and the browser waits. */

function part(form, name) {
  return form.querySelector(`[data-upload="${name}"]`);
}

function show(form, ...names) {
  for (const element of form.querySelectorAll("[data-upload]")) {
    element.hidden = !names.includes(element.dataset.upload);
  }
}

function listen(name, act) {
  document.addEventListener(name, (event) => {
    if (event.target.matches?.(".import-form")) act(event.target, event);
  });
}

listen("htmx:beforeRequest", (form) => {
  part(form, "bar").removeAttribute("value");
  show(form, "bar", "sending");
});

listen("htmx:xhr:progress", (form, { detail }) => {
  if (!detail.lengthComputable) return;
  const arrived = detail.loaded === detail.total;
  if (arrived) part(form, "bar").removeAttribute("value");
  else part(form, "bar").value = detail.loaded / detail.total;
  show(form, "bar", arrived ? "storing" : "sending");
});

listen("htmx:beforeSwap", (form, { detail }) => {
  const answered = new URL(detail.xhr.responseURL);
  if (answered.pathname === location.pathname) return;
  detail.shouldSwap = false;
  location.assign(answered);
});

for (const trouble of ["htmx:sendError", "htmx:responseError"]) {
  listen(trouble, (form) => show(form, "failed"));
}

/* The theme looks for a text field beside every file field, and complains where there is none. */
document.addEventListener(
  "change",
  (event) => {
    if (event.target.matches(".import-file")) event.stopPropagation();
  },
  { capture: true },
);
