// Draws the charts of a page: each element with data-chart names the address of its specification.
// Without this script the page still has the numbers, as a table.
const dark = () => {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
};

async function draw(room) {
  const address = new URL(room.dataset.chart, location.href);
  if (dark()) address.searchParams.set("dark", "1");
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) return room.remove();
  const options = { actions: false, ast: true, renderer: "canvas", defaultStyle: false, tooltip: { disableDefaultStyle: true } };
  room.replaceChildren();
  await window.vegaEmbed(room, await answer.json(), options);
  room.querySelector("canvas")?.setAttribute("aria-hidden", "true");
}

for (const room of document.querySelectorAll("[data-chart]")) draw(room).catch(() => room.remove());
