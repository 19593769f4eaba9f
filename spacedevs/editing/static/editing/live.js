// Keeps what is marked as live as the server has it, while the page is looked at; what is being typed stays.
"use strict";
{
  const EVERY = 30_000;
  const marked = (page) => new Map([...page.querySelectorAll("[data-live]")].map((each) => [each.dataset.live, each]));

  async function refresh() {
    if (document.hidden || !marked(document).size) return;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const now = marked(new DOMParser().parseFromString(await answer.text(), "text/html"));
    for (const [name, shown] of marked(document)) {
      const fresh = now.get(name);
      if (fresh && fresh.innerHTML !== shown.innerHTML) shown.replaceChildren(...fresh.childNodes);
    }
  }

  setInterval(() => refresh().catch(() => {}), EVERY);
  document.addEventListener("visibilitychange", () => refresh().catch(() => {}));
}
