// A form asks with the fields that were filled in, and no others.
for (const form of document.querySelectorAll("form[method=get]")) {
  form.addEventListener("submit", () => {
    for (const field of form.elements) field.disabled = field.value === "";
  });
}
// Coming back by the browser's own button, the fields can be filled in again.
addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("form :disabled")) field.disabled = false;
});
