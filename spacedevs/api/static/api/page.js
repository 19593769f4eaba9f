// Enhancements of the page; everything else works without scripts.
const json = document.getElementById("json");
const said = document.getElementById("said");

// A record that the page has only a link to: taken from the page with this record alone, when it is opened.
const draw = (part) => (part.drawing ??= drawn(part));
async function drawn(part) {
  const link = part.querySelector("p a");
  try {
    const answer = await fetch(link.href);
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const [first, ...rest] = page.querySelector("#json details.d3").children;
    rest.pop(); // its last line, which is here already, with the comma
    const behind = part.firstElementChild.id - first.id;
    for (const one of rest) {
      for (const line of [one, ...one.querySelectorAll("[id]")]) if (line.id) line.id = Number(line.id) + behind;
    }
    link.parentElement.replaceWith(...rest);
    part.classList.remove("later");
  } catch {
    part.drawing = undefined; // the link stays, and so does the chance to try again
    said.textContent = "This record could not be loaded; follow the link to see it.";
  }
}
json.addEventListener("toggle", (event) => event.target.matches(".later[open]") && draw(event.target), true);
// A line of such a record has its address, too.
async function goToLine() {
  const number = Number(location.hash.slice(1));
  if (!number || document.getElementById(number)) return;
  const part = [...json.querySelectorAll(".later")].find((one) => one.firstElementChild.id < number && number < one.lastElementChild.id);
  if (!part) return;
  await draw(part);
  part.open = true;
  document.getElementById(number)?.scrollIntoView();
  location.replace(location.hash); // so that the line is marked
}
addEventListener("hashchange", goToLine);
goToLine();

// JSON with a line for each value, as the page shows it; numbers stay as they are written.
function indented(text) {
  let depth = 0;
  return text.replace(/"(?:[^"\\]|\\.)*"|\[\s*\]|\{\s*\}|[[{\]},:]/g, (part) => {
    if (part === "[" || part === "{") return `${part}\n${"  ".repeat(++depth)}`;
    if (part === "]" || part === "}") return `\n${"  ".repeat(--depth)}${part}`;
    if (part === ",") return `,\n${"  ".repeat(depth)}`;
    return part === ":" ? ": " : part;
  });
}
async function whole() {
  if (!json.querySelector(".later")) return lines();
  const address = new URL(location);
  address.searchParams.set("format", "json");
  return indented(await (await fetch(address)).text());
}

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
  open: async () => {
    for (const part of json.querySelectorAll(".later")) {
      await draw(part);
      if (!part.drawing) break;
    }
    all(true);
  },
  copy: async (button) => {
    await navigator.clipboard.writeText(await whole());
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
