// Browsers without `field-sizing` get growing text areas by hand.
if (!CSS.supports("field-sizing", "content")) {
  document.addEventListener("input", (event) => {
    const area = event.target;
    if (!(area instanceof HTMLTextAreaElement)) return;
    area.style.blockSize = "auto";
    area.style.blockSize = `${area.scrollHeight + 2}px`;
  });
}
