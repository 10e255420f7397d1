// "/" goes to the search field, unless someone is typing.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
  const field = document.getElementById("search-page") ?? document.getElementById("search");
  if (!field) return;
  event.preventDefault();
  field.focus();
});
