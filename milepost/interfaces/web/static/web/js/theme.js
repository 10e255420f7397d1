// Light, dark, or as the device says. The page's head reads the same key before the first paint.
const buttons = document.querySelectorAll("[data-theme-choice]");
const show = (choice) => {
  for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
};
const stored = () => {
  try {
    return localStorage.getItem("theme") ?? "";
  } catch {
    return "";
  }
};
for (const button of buttons) {
  button.addEventListener("click", () => {
    const choice = button.dataset.themeChoice;
    if (choice) document.documentElement.dataset.theme = choice;
    else delete document.documentElement.dataset.theme;
    try {
      if (choice) localStorage.setItem("theme", choice);
      else localStorage.removeItem("theme");
    } catch {
      // Without storage the choice lasts for this page.
    }
    show(choice);
  });
}
show(stored());
