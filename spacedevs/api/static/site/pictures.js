// A picture that cannot be had, as one on a host that is away, shows a drawing and not a browser's sign of a fault.
const { none } = document.currentScript.dataset;
const replace = (image) => {
  if (image.classList.contains("away")) return;
  image.classList.add("away");
  image.src = none;
};
addEventListener("error", ({ target }) => target instanceof HTMLImageElement && replace(target), true);
for (const image of document.images) if (image.complete && !image.naturalWidth) replace(image);
