// Health is swapped for a fresh one while somebody reads it: what they opened stays open, and
// where they had scrolled to.

let opened = false;
let scrolled = 0;

document.addEventListener("htmx:beforeSwap", (event) => {
    const hours = event.target.querySelector?.("#health-hours");
    if (!hours) return;
    opened = hours.open;
    scrolled = hours.querySelector(".health-scroll").scrollTop;
});

document.addEventListener("htmx:afterSwap", () => {
    const hours = document.getElementById("health-hours");
    if (!hours || !opened) return;
    hours.open = true;
    hours.querySelector(".health-scroll").scrollTop = scrolled;
});
