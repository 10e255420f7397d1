// A view says what changed with the header HX-Trigger: {"announce": "Reply posted"}; screen readers hear it.
document.body.addEventListener("announce", (event) => {
  document.getElementById("announce").textContent = event.detail.value ?? "";
});
