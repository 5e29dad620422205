// What every page gains with JavaScript: copying, reading a picture by pointer and keys, names of time zones.
// All of it is extra: the pages are whole without.

for (const snippet of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(snippet.querySelector("code").textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(snippet.querySelector("code"));
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  snippet.querySelector(".snippet-head").append(button);
}

for (const chart of document.querySelectorAll("svg[data-readout]")) readable(chart);

/** Let a pointer or the arrow keys walk over a chart's points and read each one out below it; Enter shows who. */
function readable(chart) {
  const readout = document.getElementById(chart.dataset.readout);
  const points = [...chart.querySelectorAll(".hit")];
  if (!readout || !points.length) return;
  let at = points.length - 1;
  const show = (index) => {
    points[at].classList.remove("read");
    at = Math.max(0, Math.min(points.length - 1, index));
    points[at].classList.add("read");
    readout.textContent = points[at].querySelector("title").textContent;
  };
  const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -points.length, End: points.length };
  chart.tabIndex = 0;
  readout.setAttribute("aria-live", "polite");
  points.forEach((point, index) => point.addEventListener("pointerenter", () => show(index)));
  chart.addEventListener("keydown", (event) => {
    const link = event.key === "Enter" && points[at].closest("a");
    if (link) location.assign(link.href.baseVal ?? link.href);
    if (!(event.key in steps)) return;
    event.preventDefault();
    show(at + steps[event.key]);
  });
}

const zones = document.getElementById("zones");
if (zones && Intl.supportedValuesOf) {
  document.querySelectorAll("[list=zones]").forEach((input) =>
    input.addEventListener("focus", () => {
      if (zones.childElementCount) return;
      zones.append(...["UTC", ...Intl.supportedValuesOf("timeZone")].map((name) => new Option(name, name)));
    }, { once: true }));
}
