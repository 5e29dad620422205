// Whether events arrive: looks again every few seconds, while somebody looks at the page, and for an hour at most.
// Without JavaScript a link does the same.

const EVERY_MS = 3000;
const UNTIL = Date.now() + 3_600_000;
const section = document.querySelector("[data-renew]");

if (section) {
  const said = Object.assign(document.createElement("p"), { className: "unseen", role: "status" });
  section.after(said);
  note();
  setTimeout(look, EVERY_MS, clients());

  async function look(known) {
    if (!document.hidden && !section.contains(document.activeElement)) {
      try {
        const page = await (await fetch(location.href, { headers: { accept: "text/html" } })).text();
        const found = new DOMParser().parseFromString(page, "text/html").querySelector("[data-renew]");
        if (found) section.replaceChildren(...found.childNodes);
        note();
      } catch {
        note("The server does not answer; trying again.");
      }
      const fresh = [...clients()].filter((name) => !known.has(name));
      if (fresh.length) said.textContent = `Events arrive from ${fresh.join(", ")}`;
      known = clients();
    }
    if (Date.now() < UNTIL) setTimeout(look, EVERY_MS, known);
    else note("No longer looking; open the page again to go on.");
  }
}

function clients() {
  return new Set([...section.querySelectorAll("[data-client]")].map((one) => one.dataset.client));
}

/** Say in the place of the link that one need not press it. */
function note(text = "renews itself") {
  const place = section.querySelector("[data-again]");
  if (place?.tagName === "A") {
    place.replaceWith(Object.assign(document.createElement("span"), { className: "soft", textContent: text }));
    section.querySelector(".head span")?.setAttribute("data-again", "");
  } else if (place) place.textContent = text;
}
