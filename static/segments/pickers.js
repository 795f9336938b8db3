// Every picker's search becomes a combobox (WAI-ARIA) with a list that is asked for page by page.

import { form, say, word } from "./page.js";
import { get } from "./server.js";

const pickers = new WeakMap();
let numbered = 0;

export function enhance(root) {
  for (const element of root.querySelectorAll("[data-picker]")) {
    if (!pickers.has(element)) pickers.set(element, new Picker(element));
  }
}

class Picker {
  constructor(element) {
    this.element = element;
    this.input = element.querySelector("input[type=search]");
    this.chips = element.querySelector(".segment-chips");
    this.isSeveral = "several" in element.dataset;
    // Whether any text will do, and the list only suggests.
    this.isFree = "free" in element.dataset;
    // A radio button can't be unticked, and a chip must be.
    for (const box of this.chips.querySelectorAll("input")) box.type = "checkbox";
    this.makeList();
    this.listen();
  }

  makeList() {
    const list = document.createElement("div");
    list.className = "segment-picker-list";
    list.id = `segment-list-${++numbered}`;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", this.input.getAttribute("aria-label"));
    if (this.isSeveral) list.setAttribute("aria-multiselectable", "true");
    list.hidden = true;
    this.list = list;
    this.element.append(list);
    const roles = { role: "combobox", "aria-autocomplete": "list", "aria-haspopup": "listbox" };
    for (const [name, value] of Object.entries(roles)) this.input.setAttribute(name, value);
    this.input.setAttribute("aria-controls", list.id);
    this.input.setAttribute("aria-expanded", "false");
  }

  listen() {
    const { element, input, list } = this;
    input.addEventListener("input", (event) => {
      event.stopPropagation();
      this.search(120);
    });
    input.addEventListener("change", (event) => event.stopPropagation());
    input.addEventListener("focus", () => this.open());
    input.addEventListener("keydown", (event) => this.press(event));
    element.addEventListener("click", (event) => {
      const option = event.target.closest("[data-value]");
      if (option) this.toggle(option);
      else if (!event.target.closest("label, button")) this.open(input.focus());
    });
    // A press inside the list leaves the focus where it is.
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("scroll", () => this.read());
    element.addEventListener("focusout", (event) => {
      if (!element.contains(event.relatedTarget)) this.close();
    });
    this.chips.addEventListener("change", (event) => this.drop(event.target.closest("li")));
  }

  get isOpen() {
    return !this.list.hidden;
  }

  get options() {
    return [...this.list.querySelectorAll("[data-value]")];
  }

  open() {
    if (!this.isOpen) this.search(0);
  }

  close() {
    clearTimeout(this.waiting);
    this.breakOff();
    this.hide();
    this.keep();
    this.input.value = "";
  }

  hide() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.activate(null);
  }

  // What was typed is a value, where any text will do.
  keep() {
    const text = this.input.value;
    if (!this.isFree || !text) return;
    this.input.value = "";
    if (this.chipOf(text)) return;
    this.add(text, text);
    this.mark();
    this.changed();
  }

  // Breaks off what was asked before, so that the list is always that of the newest text.
  search(after) {
    clearTimeout(this.waiting);
    this.breakOff();
    this.waiting = setTimeout(() => this.load(1), after);
  }

  // Nobody waits for that answer any more, so it is no failure that it doesn't come.
  breakOff() {
    this.asked?.abort();
    this.asked = null;
  }

  async load(page) {
    const mine = new AbortController();
    this.asked = mine;
    const { what } = this.element.dataset;
    const asked = { what, text: this.input.value, page, of: form.dataset.of ?? "" };
    try {
      const answer = await get(`${form.dataset.picks}?${new URLSearchParams(asked)}`, mine.signal);
      if (this.asked === mine) this.show(answer.body, page);
    } catch {
      if (this.asked === mine) this.tell(word("failed"));
    }
  }

  show(found, page) {
    if (page === 1) this.list.replaceChildren();
    this.list.querySelector("[data-next]")?.remove();
    this.list.append(...found.children);
    if (!this.options.length) return this.isFree ? this.hide() : this.tell(word("none"));
    this.options.forEach((option, place) => (option.id = `${this.list.id}-${place}`));
    this.mark();
    this.expand();
    if (page === 1) this.activate(this.input.value && !this.isFree ? this.options[0] : null);
  }

  tell(text) {
    const line = document.createElement("p");
    line.className = "segment-none";
    line.setAttribute("role", "option");
    line.setAttribute("aria-disabled", "true");
    line.textContent = text;
    this.list.replaceChildren(line);
    this.activate(null);
    this.expand();
    say(text);
  }

  expand() {
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
  }

  // The next page, once the end of the list is near.
  read() {
    const next = this.list.querySelector("[data-next]");
    if (!next || this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight > 200) return;
    const page = next.dataset.next;
    next.remove();
    this.load(Number(page));
  }

  press(event) {
    // Enter ends a word in some scripts, and picks nothing.
    if (event.isComposing || event.altKey) return;
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    if (event.key in moves) {
      event.preventDefault();
      if (this.isOpen) this.move(moves[event.key]);
      else this.open();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (this.active) this.toggle(this.active);
      else if (this.isFree) this.keep();
      else this.open();
    } else if (event.key === "Escape" && this.isOpen) {
      event.preventDefault();
      this.close();
    } else if (event.key === "Backspace" && !this.input.value && this.chips.lastElementChild) {
      this.take(this.chips.lastElementChild);
    }
  }

  move(by) {
    const { options } = this;
    if (!options.length) return;
    const place = options.indexOf(this.active);
    const last = options.length - 1;
    const next = place < 0 ? (by > 0 ? 0 : last) : Math.min(Math.max(place + by, 0), last);
    this.activate(options[next]);
    options[next].scrollIntoView({ block: "nearest" });
    this.read();
  }

  activate(option) {
    this.active?.classList.remove("is-active");
    this.active = option;
    option?.classList.add("is-active");
    if (option) this.input.setAttribute("aria-activedescendant", option.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  chipOf(value) {
    return [...this.chips.children].find((chip) => chip.querySelector("input").value === value);
  }

  toggle(option) {
    const chip = this.chipOf(option.dataset.value);
    if (chip) return this.take(chip);
    if (!this.isSeveral) this.chips.replaceChildren();
    const isSearch = this.input.value !== "";
    this.input.value = "";
    this.add(option.dataset.value, option.dataset.name);
    this.mark();
    // Whoever typed a name has found what they wanted; whoever browses may want more.
    if (!this.isSeveral || isSearch) this.close();
    this.changed();
    say(word("picked", { name: option.dataset.name }), 0);
  }

  add(value, name) {
    const chip = document.getElementById("segment-chip").content.querySelector("li").cloneNode(true);
    const box = chip.querySelector("input");
    box.name = this.element.dataset.name;
    box.value = value;
    box.checked = true;
    chip.querySelector(".segment-chip-name").textContent = name;
    this.chips.append(chip);
  }

  take(chip) {
    this.drop(chip);
    this.changed();
  }

  drop(chip) {
    const name = chip.querySelector(".segment-chip-name").textContent;
    const hadFocus = chip.contains(document.activeElement);
    chip.remove();
    this.mark();
    if (hadFocus) this.input.focus();
    say(word("taken", { name }), 0);
  }

  mark() {
    for (const option of this.options) {
      option.setAttribute("aria-selected", String(Boolean(this.chipOf(option.dataset.value))));
    }
    this.input.placeholder = this.chips.children.length ? "" : this.input.dataset.placeholder;
  }

  changed() {
    this.chips.parentElement.dispatchEvent(new Event("change", { bubbles: true }));
  }
}
