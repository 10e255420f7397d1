// A password can be looked at while it is typed. Without this script the field is as every password field.
const pattern = document.getElementById("reveal");
for (const field of document.querySelectorAll('.field input[type="password"]')) {
  const button = pattern.content.firstElementChild.cloneNode(true);
  button.setAttribute("aria-controls", field.id);
  button.addEventListener("click", () => {
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    button.textContent = shown ? button.dataset.hide : button.dataset.show;
    field.focus();
  });
  field.form?.addEventListener("submit", () => {
    field.type = "password"; // so that no browser remembers it as ordinary text
  });
  field.after(button);
}
