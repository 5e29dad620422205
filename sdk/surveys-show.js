// Why: asking.d.ts
/** @type {S.Show} */
export const show = async ({ ticket, html, language, rtl, theme, words }, { at, ask, signal: stop }, make) => {
	const { accent = "", scheme = "auto", corner = "bottom-right" } = theme ?? {};
	const style = await ask("card.css?accent=" + accent.slice(1));
	if (!style.ok) return;

	const quit = new AbortController(), { signal } = quit, shownAt = performance.now();
	const host = document.createElement("obverse-survey"), root = host.attachShadow({ mode: "open" });
	const sheet = new CSSStyleSheet();
	sheet.replaceSync(await style.text());
	root.adoptedStyleSheets = [sheet];
	root.append(make(`<p class=obv-unseen role=status></p><dialog class=obverse-theme aria-keyshortcuts="F6 Escape"><div class=body></div>
		<p class=state role=status></p><button class=close type=button>×</button></dialog>`));
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
			ask("event", { method: "POST", body: text, keepalive: true }).catch(() => {});
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
	const end = () => {
		if (signal.aborted) return;
		if (sending) beacon("answer");
		else if (!done) tell(started ? "abandoned" : "dismissed");
		const focused = root.activeElement;
		quit.abort();
		host.remove(); // first, as nothing else can have the focus while a modal dialog is open
		if (focused && before?.isConnected) before.focus();
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
				const answer = await ask("answer", { method: "POST", body: sending, signal, headers: [["accept", "application/json"]] });
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
		root.activeElement?.scrollIntoView({ block: "nearest" });
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
