// Updates live cells and totals while the page is visible; typed values stay.
"use strict";
{
  const EVERY = 30_000;
  const name = (shown) => shown.dataset.live ?? shown.closest(".form-row").className;
  const marked = (page) =>
    new Map([...page.querySelectorAll("[data-live], .aligned .readonly")].map((each) => [name(each), each]));
  const read = async (answer) => new DOMParser().parseFromString(await answer.text(), "text/html");

  function show(page) {
    const now = marked(page);
    for (const [name, shown] of marked(document)) {
      const fresh = now.get(name);
      if (fresh && fresh.innerHTML !== shown.innerHTML) shown.replaceChildren(...fresh.childNodes);
    }
  }

  async function refresh() {
    if (document.hidden || !marked(document).size) return;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.ok && !answer.redirected) show(await read(answer));
  }

  // Buttons in a live cell submit outside of the form, so that typed values stay; the response is this page.
  async function act(button) {
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    button.disabled = true;
    const answer = await fetch(button.formAction, { method: "POST", headers: { "X-CSRFToken": token } });
    button.disabled = false;
    if (!answer.ok) throw new Error(answer.statusText);
    const page = await read(answer);
    show(page);
    const told = page.querySelector(".messagelist");
    document.querySelector(".messagelist")?.remove();
    if (told) document.getElementById("content").before(told);
    if (told && !told.querySelector(".success")) told.scrollIntoView();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-live] button[formaction]");
    if (!button) return;
    event.preventDefault();
    act(button).catch((error) => {
      button.disabled = false;
      alert(`This could not be done: ${error.message}`);
    });
  });
  setInterval(() => refresh().catch(() => {}), EVERY);
  document.addEventListener("visibilitychange", () => refresh().catch(() => {}));
}
