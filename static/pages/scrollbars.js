// The theme's scroll areas are regions for screen readers: name them in the page's language.
// Deferred, so that it runs when the theme's script is there and has made none of them yet.

SimpleBar.defaultOptions.ariaLabel = document.currentScript.dataset.words;
