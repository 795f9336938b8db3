// Narrows a list of choices to those whose text has what is typed in it; chosen ones stay.

for (const search of document.querySelectorAll("[data-filters]")) {
    const choices = [...document.getElementById(search.dataset.filters).children];
    search.hidden = false;
    search.addEventListener("input", (event) => {
        event.stopPropagation();
        const words = search.value.toLocaleLowerCase().split(/\s+/);
        for (const choice of choices) {
            const text = choice.textContent.toLocaleLowerCase();
            const fits = words.every((word) => text.includes(word));
            choice.hidden = !fits && !choice.querySelector("input:checked");
        }
    });
}
