// The question's form without round trips: another value for a field that holds several.

for (const group of document.querySelectorAll("[data-several]")) {
  const button = group.querySelector(".another");
  button.addEventListener("click", (event) => {
    event.preventDefault();
    const all = group.querySelectorAll(".one-of");
    const next = all[all.length - 1].cloneNode(true);
    next.querySelector("label")?.remove();
    const input = next.querySelector("input");
    input.removeAttribute("id");
    input.removeAttribute("title");
    input.setAttribute("aria-label", `${group.querySelector("legend").textContent}, or another`);
    input.value = "";
    all[all.length - 1].after(next);
    input.focus();
  });
}

document.querySelector(".measures [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
