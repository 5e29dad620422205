// Why: asking.d.ts
const STYLE = `
:host { all: initial !important; display: block !important; position: fixed !important; inset: 0 auto auto 0 !important;
	overflow: visible !important; z-index: 2147483647 !important }
dialog { all: unset; box-sizing: border-box; position: fixed; display: flex; flex-direction: column;
	--edge: 1rem; --room: calc(100dvh - 2 * var(--edge) - var(--keys, 0px));
	top: calc(var(--room) + var(--edge)); right: var(--edge); translate: 0 -100%;
	width: min(26rem, 100vw - 2 * var(--edge)); max-height: var(--room);
	background: var(--obv-bg, Canvas); color: var(--obv-ink, CanvasText); border: 1px solid var(--obv-rule, #8888);
	border-radius: 1rem; box-shadow: 0 2px 4px #0002, 0 12px 40px #0004; font: 1rem/1.45 system-ui, sans-serif }
.bottom-left { right: auto; left: var(--edge) }
.center { top: calc(var(--room) / 2 + var(--edge)); right: auto; left: 50%; translate: -50% -50%; width: min(34rem, 100vw - 2 * var(--edge)) }
::backdrop { background: #0007 }
.body { overflow: auto; overscroll-behavior: contain; padding: 1.25rem }
.body p { margin: 0 }
.body :is(legend, .obv-intro, .obv-problem) { max-width: calc(100% - 2rem) }
.close { all: unset; position: absolute; inset-block-start: .5rem; inset-inline-end: .5rem; width: 2.5rem; height: 2.5rem;
	display: grid; place-items: center; border-radius: 50%; cursor: pointer; background: var(--obv-bg, Canvas); color: var(--obv-soft, inherit) }
.close:hover { color: inherit; background: var(--obv-tint, #8884) }
:focus-visible { outline: 3px solid var(--obv-accent, Highlight); outline-offset: 2px }
.body fieldset:focus { outline: 0 }
svg { display: block }
.close svg { fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round }
.state { margin: 0; padding: 0 1.25rem 1.25rem; color: var(--obv-soft, inherit) }
.state:empty { display: none }
.said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
[aria-busy] [name=go] { opacity: .6; cursor: progress; transition: opacity .1s .3s }
@media (max-width: 30rem) { dialog { --edge: .5rem } }
@media (prefers-reduced-motion: no-preference) {
	dialog { animation: come .25s ease-out }
	@keyframes come { from { opacity: 0; margin-top: 1rem } }
}`;

/** @type {S.Show} */
export const show = async ({ ticket, html, language, rtl, theme, words }, { options, signal: stop }, make) => {
	const { accent = "", scheme = "auto", corner = "bottom-right" } = theme ?? {};
	const at = (name = "") => new URL("surveys/" + name, options.host);
	const request = { __proto__: null, signal: stop };
	const form = await fetch(at("form.css?accent=" + accent.slice(1)), request).then((answer) => answer.text(), () => "");
	if (stop.aborted) return;

	const quit = new AbortController(), { signal } = quit, shownAt = performance.now();
	const host = document.createElement("obverse-survey"), root = host.attachShadow({ mode: "open" });
	root.adoptedStyleSheets = [form, STYLE].map((text) => {
		const sheet = new CSSStyleSheet();
		sheet.replaceSync(text);
		return sheet;
	});
	root.append(make(`<p class="said" role="status"></p><dialog class="obverse-theme" aria-keyshortcuts="F6 Escape"><div class="body">
		</div><p class="state" role="status"></p><button class="close" type="button"><svg viewBox="0 0 18 18" width="18" height="18"
		aria-hidden="true"><path d="M3 3l12 12M15 3L3 15"/></svg></button></dialog>`));
	const [said, dialog, body, state, close] = /** @type {any[]} */ ([...root.querySelectorAll("p, dialog, div, button")]);
	const typing = document.activeElement?.matches("input, textarea, select, iframe, [contenteditable]");
	const modal = corner == "center" && !typing;
	dialog.classList.add(modal || corner != "center" ? corner : "bottom-right");
	dialog.lang = language;
	dialog.dir = rtl ? "rtl" : "ltr";
	dialog.dataset.scheme = scheme;
	dialog.ariaLabel = words.survey;
	close.ariaLabel = words.close;
	host.dataset.obverseOff = "";

	let started = false, done = false, busy = false, wake = () => {};
	/** @type {any} */
	let before = document.activeElement;
	/** @type {URLSearchParams | null} */
	let sending = null;

	/** @type {S.Listen} */
	const listen = (target, name, act) => target.addEventListener(name, (event) => {
		try { act(event) } catch {}
	}, { __proto__: null, signal });
	const beacon = (name = "", data = sending) => {
		try { return navigator.sendBeacon(at(name), data) } catch {}
	};
	const tell = (kind = "") => {
		const { question } = body.querySelector("form")?.dataset ?? {};
		const text = JSON.stringify({ ticket, kind, question, seconds: (performance.now() - shownAt) / 1e3 });
		if (!beacon("event", /** @type {any} */ (text)))
			fetch(at("event"), { __proto__: null, method: "POST", body: text, keepalive: true }).catch(() => {});
	};
	const enter = (quiet = matchMedia("(pointer: coarse)").matches) => {
		const first = body.querySelector("[role=alert], [role=status]")
			?? body.querySelector(quiet ? "fieldset" : "input:checked, input:not([type=hidden]), textarea, select") ?? close;
		if (first.matches("fieldset")) first.tabIndex = -1;
		first.focus();
	};
	const put = (html = "") => {
		const focused = root.activeElement;
		body.replaceChildren(make(html));
		body.scrollTop = 0;
		if (focused) enter();
	};
	const end = async () => {
		if (signal.aborted) return;
		if (sending) beacon("answer");
		else if (!done) tell(started ? "abandoned" : "dismissed");
		const focused = root.activeElement;
		quit.abort();
		if (focused && before?.isConnected) before.focus();
		if (matchMedia("(prefers-reduced-motion: no-preference)").matches)
			await dialog.animate({ opacity: 0 }, 150).finished.catch(() => {});
		host.remove();
	};
	const thanked = () => dialog.matches(":hover") ? setTimeout(thanked, 1e3) : end();
	/** @type {(answer: Response) => Promise<void>} */
	const take = async (answer) => {
		const { html, done: last, detail } = await answer.json();
		done = last || !html;
		sending = null;
		state.textContent = html ? "" : detail ?? words.offline;
		put(html ?? "");
		if (last) setTimeout(thanked, 6e3);
	};
	const send = async (data = new URLSearchParams()) => {
		sending = data;
		wake();
		if (busy) return;
		busy = true;
		dialog.ariaBusy = "true";
		for (let wait = 1e3; sending && !signal.aborted; wait = Math.min(2 * wait, 3e4)) {
			try {
				const answer = await fetch(at("answer"), {
					__proto__: null, method: "POST", body: sending, signal, headers: new Headers([["accept", "application/json"]]),
				});
				if (answer.status < 500 && answer.status != 429) await take(answer);
			} catch {}
			if (sending) await new Promise((retry) => {
				state.textContent = words.offline;
				wake = () => retry(0);
				setTimeout(retry, wait);
				listen(window, "online", retry);
			});
		}
		busy = false;
		dialog.ariaBusy = null;
	};

	listen(root, "submit", (event) => {
		event.preventDefault();
		const data = new FormData(event.target), { submitter } = event;
		if (submitter) data.set(submitter.name, submitter.value);
		send(new URLSearchParams(/** @type {any} */ (data)));
	});
	listen(root, "input", () => {
		if (!started) tell("started");
		started = true;
	});
	listen(root, "click", (event) => {
		if (close.contains(event.target)) return end();
		const link = event.target.closest("a[href^='#']");
		if (!link) return;
		event.preventDefault();
		root.getElementById(link.hash.slice(1))?.focus();
	});
	listen(root, "focusin", ({ relatedTarget }) => {
		if (relatedTarget && !root.contains(relatedTarget)) before = relatedTarget;
	});
	listen(dialog, "cancel", (event) => {
		event.preventDefault();
		end();
	});
	for (const name of ["keydown", "keypress", "keyup", "focusin"]) listen(root, name, (event) => {
		event.stopPropagation();
		if (event.key == "Escape" && !event.isComposing) end();
	});
	listen(document, "keydown", (event) => {
		if (event.defaultPrevented) return;
		if (event.key == "F6") {
			event.preventDefault();
			before = document.activeElement;
			enter();
		}
		if (event.key == "Escape" && document.activeElement == document.body) end();
	});
	listen(window, "pagehide", () => {
		if (sending) beacon("answer");
		else if (started && !done) tell("abandoned");
	});
	const { visualViewport: seen } = window;
	if (seen) listen(seen, "resize", () => {
		const keys = seen.scale > 1.01 ? 0 : innerHeight - seen.height - seen.offsetTop;
		host.style.setProperty("--keys", Math.max(0, keys) + "px");
	});

	put(html);
	document.documentElement.append(host);
	try {
		host.popover = "manual";
		host.showPopover();
	} catch {}
	if (modal) dialog.showModal(), enter(true);
	else {
		dialog.open = true;
		setTimeout(() => (said.textContent = `${words.survey} (F6): ${body.querySelector("legend")?.textContent}`), 250);
	}
	tell("shown");
	await new Promise((closed) => {
		signal.addEventListener("abort", closed);
		stop.addEventListener("abort", () => {
			quit.abort();
			host.remove();
		});
	});
};
