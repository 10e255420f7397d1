// <details> menus work alone; this only closes them on Escape and on a click elsewhere.
const closeAll = (except) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(except)) menu.open = false;
};
document.addEventListener("click", (event) => closeAll(event.target));
document.addEventListener("focusin", (event) => closeAll(event.target));
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.activeElement?.closest("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
