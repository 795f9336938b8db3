// Menus close as menus do: by Escape, by a press elsewhere, and when another one opens.

document.addEventListener("click", (event) => closeOthers(event.target.closest("[data-menu]")));

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("[data-menu][open]");
  if (!menu) return;
  if (event.key === "Escape") {
    menu.open = false;
    menu.querySelector("summary").focus();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    step(menu, event.key === "ArrowDown" ? 1 : -1);
  }
});

export function closeOthers(menu = null) {
  for (const open of document.querySelectorAll("[data-menu][open]")) {
    if (open !== menu) open.open = false;
  }
}

function step(menu, by) {
  const buttons = [...menu.querySelectorAll("button")];
  const place = buttons.indexOf(document.activeElement);
  buttons.at((place + by) % buttons.length)?.focus();
}
