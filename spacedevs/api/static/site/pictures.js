// Shows a placeholder instead of the browser's error icon for images that cannot be loaded.
const { none } = document.currentScript.dataset;
const replace = (image) => {
  if (image.classList.contains("away")) return;
  image.classList.add("away");
  image.src = none;
};
addEventListener("error", ({ target }) => target instanceof HTMLImageElement && replace(target), true);
for (const image of document.images) if (image.complete && !image.naturalWidth) replace(image);
