// Copy buttons, and no second sight of a new key: a page that the browser kept is asked for again.

document.querySelectorAll("[data-copy]").forEach((button) => {
    button.hidden = false;
});

document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    const word = button.querySelector("[data-copy-word]");
    const before = button.dataset.before ?? (button.dataset.before = word.textContent);
    await copy(source);
    word.textContent = button.dataset.copied;
    setTimeout(() => (word.textContent = before), 2000);
});

// The clipboard is for secure pages only; elsewhere the old way does.
async function copy(source) {
    try {
        await navigator.clipboard.writeText(source.textContent);
    } catch {
        getSelection().selectAllChildren(source);
        document.execCommand("copy");
    }
}

window.addEventListener("pageshow", (event) => {
    if (event.persisted && document.getElementById("new-key")) location.reload();
});
