// Enhancements of the page; everything else works without scripts.
const json = document.getElementById("json");
const said = document.getElementById("said");

// Forms submit only fields with a value.
for (const form of document.querySelectorAll("form[method=get]")) {
  form.addEventListener("submit", () => {
    for (const field of form.elements) field.disabled = field.value === "";
  });
}
// Enable the fields again after the browser's back button.
addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("form :disabled")) field.disabled = false;
});

// The buttons above the response.
const lines = () => [...json.querySelectorAll("div, summary")].map((line) => line.textContent).join("\n");
const all = (open) => {
  for (const part of json.querySelectorAll("details.d3, details.d3 details")) part.open = open;
};
const doings = {
  fold: () => all(false),
  open: () => all(true),
  copy: async (button) => {
    await navigator.clipboard.writeText(lines());
    said.textContent = button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  },
};
for (const button of document.querySelectorAll("[data-do]")) {
  if (button.dataset.do === "copy" && !navigator.clipboard) continue; // only where the page is safe: https or this machine
  button.hidden = false;
  button.addEventListener("click", () => doings[button.dataset.do](button));
}

// A click on a line number links to the line without folding it; a key press has no position.
json.addEventListener("click", (event) => {
  if (!event.detail) return;
  const line = event.target.closest("div[id], summary[id]");
  const gutter = parseFloat(getComputedStyle(json).getPropertyValue("--gutter")) * parseFloat(getComputedStyle(document.documentElement).fontSize);
  if (!line || event.target.closest("a") || event.clientX - json.getBoundingClientRect().left > gutter - 24) return;
  event.preventDefault();
  location.hash = line.id;
});

// Suggests ids by the names of their records; with several ids, for the last one.
const called = (record) => record.name ?? record.title ?? record.spacecraft?.name ?? "";
async function offer(input) {
  const ids = input.value.split(",");
  const sought = ids.pop().trim();
  const before = "several" in input.dataset && ids.length ? `${ids.join(",")},` : "";
  const address = input.list.dataset.offers + (input.list.dataset.offers.endsWith("search=") ? encodeURIComponent(sought) : "");
  if (input.list.dataset.shown === `${before} ${address}` || /^\d+$/.test(sought)) return;
  input.list.dataset.shown = `${before} ${address}`;
  const answer = await fetch(address);
  if (!answer.ok) return;
  const { results } = await answer.json();
  input.list.replaceChildren(...results.map((record) => new Option(`${before}${called(record)}`, `${before}${record.id}`)));
}
for (const input of document.querySelectorAll("input[list]")) {
  let waiting;
  input.addEventListener("focus", () => offer(input));
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(offer, 200, input);
  });
}
