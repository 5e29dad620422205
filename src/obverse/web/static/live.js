// Events as they arrive: a stream of server-sent events at the head of the list that the server rendered.
// Can be paused; says little to a screen reader, and only when there is a pause in what arrives.

const KEPT = 12;
const SAY_MS = 10_000;
const section = document.querySelector("[data-live]");
const list = section?.querySelector(".ticker");
const item = section?.querySelector("[data-live-item]");

if (section && list && item && "EventSource" in window) watch();

function watch() {
  const state = section.querySelector("[data-live-state]");
  const said = Object.assign(document.createElement("p"), { className: "unseen", role: "status" });
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Pause" });
  section.querySelector(".live-tools").append(button);
  section.append(said);
  const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: zoneOf(section.dataset.zone) });
  let waiting = [];
  let paused = false;
  let drawn = false;
  let news = 0;

  const draw = () => {
    drawn = false;
    if (paused) return;
    const rows = waiting.slice(-KEPT).reverse().map((arrival) => row(arrival, clock));
    waiting = [];
    list.prepend(...rows);
    while (list.childElementCount > KEPT) list.lastElementChild.remove();
    section.querySelector("[data-live-empty]")?.remove();
    section.querySelector("[data-live-first]")?.removeAttribute("hidden");
  };
  const source = new EventSource(section.dataset.live);
  source.onopen = () => { state.textContent = "Live: each event as it arrives."; };
  source.onerror = () => { state.textContent = "The connection is gone; trying again."; };
  source.onmessage = (message) => {
    waiting = [...waiting.slice(-KEPT), JSON.parse(message.data)];
    news += 1;
    if (paused) state.textContent = `Paused; ${news} more have arrived.`;
    else if (!drawn) {
      drawn = true;
      requestAnimationFrame(draw);
    }
  };
  button.addEventListener("click", () => {
    paused = !paused;
    news = 0;
    button.textContent = paused ? "Go on" : "Pause";
    state.textContent = paused ? "Paused." : "Live: each event as it arrives.";
    if (!paused) draw();
  });
  setInterval(() => {
    if (paused || !news) return;
    said.textContent = `${news} new ${news === 1 ? "event" : "events"}`;
    news = 0;
  }, SAY_MS);
  addEventListener("pagehide", () => source.close());
}

/** Make a row from the page's own template; everything that came is text. */
function row(arrival, clock) {
  const made = item.content.cloneNode(true).firstElementChild;
  const part = (name) => made.querySelector(`[data-part=${name}]`);
  const at = new Date(arrival.time / 1000);
  part("time").textContent = clock.format(at);
  part("time").dateTime = part("time").title = at.toISOString();
  part("event").textContent = part("event").title = arrival.event;
  part("who").textContent = arrival.who ?? "somebody";
  part("link").href = `${part("link").getAttribute("href")}${encodeURIComponent(arrival.who ?? "")}`;
  part("touchpoint").textContent = arrival.touchpoint;
  const glyphs = [...section.querySelectorAll("[data-glyph]")];
  const glyph = glyphs.find((one) => one.dataset.glyph === arrival.touchpoint) ?? glyphs.at(-1);
  part("glyph").append(glyph.content.cloneNode(true));
  if (arrival.value) part("value").textContent = ` · ${money(arrival.value, arrival.currency)}`;
  return made;
}

function money(value, currency) {
  try {
    return new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay: "narrowSymbol" }).format(value);
  } catch {
    return new Intl.NumberFormat("en", { maximumFractionDigits: 2 }).format(value);
  }
}

function zoneOf(name) {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) && name;
  } catch {
    return "UTC";
  }
}
