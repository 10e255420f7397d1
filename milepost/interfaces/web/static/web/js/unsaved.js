// A form marked data-keep asks before the page is left with something typed and not sent.
let unsaved = false;
document.addEventListener("input", (event) => {
  if (event.target.closest?.("form[data-keep]")) unsaved = true;
});
document.addEventListener("submit", (event) => {
  if (event.target.closest?.("form[data-keep]")) unsaved = false;
});
window.addEventListener("beforeunload", (event) => {
  if (unsaved) event.preventDefault();
});
