// Previews a chosen image before the upload.
"use strict";
document.addEventListener("change", ({ target }) => {
  if (!target.matches("input.upload")) return;
  target.parentElement.querySelector("img.preview")?.remove();
  const [file] = target.files;
  if (!file) return;
  const reader = new FileReader();
  reader.addEventListener("load", () => {
    const shown = Object.assign(new Image(), { src: reader.result, className: "preview", alt: "The chosen picture" });
    target.after(shown);
  });
  reader.readAsDataURL(file);
});
