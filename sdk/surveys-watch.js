// Why: asking.d.ts
const DAY_S = 86400, MEMORY = "obverse.surveys";
const NAMES = { page: "Page Viewed", track: "", identify: "Identified", group: "Grouped" };

/** @type {<T>(value: T) => T} */
const bare = (value) => Object.assign(Object.create(null), value);
/** @type {{ createHTML(html: string): string } | undefined} */
let policy;

/** @type {S.Make} */
const make = (html) => {
	const template = document.createElement("template");
	try {
		policy ??= window.trustedTypes?.createPolicy("obverse", bare({ createHTML: String }));
	} catch {}
	template.innerHTML = policy?.createHTML(html) ?? html;
	return template.content;
};

/** @type {S.Watch} */
export const watch = (site, live) => {
	const { options, heard, me, consent, signal } = site;
	try {
		make("").append("");
		new CSSStyleSheet();
	} catch {
		return console.info("Obverse shows no surveys: it needs trusted-types obverse, and adoptedStyleSheets");
	}
	/** @type {S.Watched[]} */
	const moments = live.surveys.flatMap(({ id, moments }) =>
		moments.map((one) => bare({ ...one, survey: id, key: id + " " + one.id })));
	/** @type {Map<string, S.Fitting>} */
	const fitting = new Map();
	/** @type {Map<S.Watched, number>} */
	const lingered = new Map();
	/** @type {Set<any>} */
	const waits = new Set(), unseen = new Set(), met = new Set(), forms = new Set(), inView = new Set();
	/** @type {import("./types.d.ts").Call[]} */
	const exposures = [];
	/** @type {import("./types.d.ts").Call | undefined} */
	let view;
	/** @type {S.Memory} */
	let memory = { after: {} };
	let gathering = 0, ticking = 0, ticked = 0, offers = 0, touched = -1e9, last = 0, high = 0, highAt = 0, asking = false;

	/** @type {S.Guard} */
	const guard = (act) => (...given) => {
		try { if (!signal.aborted) return act(...given) } catch {}
	};
	/** @type {S.Listen} */
	const listen = (target, name, act) =>
		target.addEventListener(name, guard(act), bare({ signal, capture: true, passive: true }));
	const which = (on = "") => moments.filter((one) => one.on == on && isHere(one));
	const isHere = ({ page = "*" }) => {
		const parts = page.split("*").map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, "\\$&"));
		return RegExp(`^${parts.join(".*")}$`, "s").test(view?.context.page.path ?? "");
	};

	/** @returns {S.Memory} */
	const recall = () => {
		try {
			if (consent() == "granted") return { after: {}, ...JSON.parse(localStorage[MEMORY]) };
		} catch {}
		return memory;
	};
	const remember = guard((change = {}) => {
		memory = { ...recall(), ...change };
		if (consent() == "granted") localStorage[MEMORY] = JSON.stringify(memory);
	});
	const mark = (key = "", at = 0) => remember({ after: { ...recall().after, [key]: at || undefined } });

	const wait = (seconds = 0, act = () => {}) => {
		waits.add(setTimeout(guard(act), seconds * 1e3));
	};
	const gather = (found = [...fitting.values()]) => {
		for (const one of found) fitting.set(one.survey + " " + one.moment, one);
		if (found[0]) gathering ||= window.setTimeout(guard(ask), 100);
	};
	/** @type {(moment: S.Watched, event?: S.Happened) => void} */
	const come = (moment, event) => {
		if (!event && met.has(moment)) return;
		met.add(moment);
		const { survey, id, delay_s } = moment;
		const fit = () => {
			if (document.hidden) return unseen.add(fit);
			gather([{ survey, moment: id, event }]);
		};
		if (delay_s) wait(delay_s, fit);
		else fit();
	};
	/** @type {(moment: S.Watched) => void} */
	const time = (moment) => {
		const { key, within_s = 0 } = moment, begun = recall().after[key];
		if (!begun || within_s > DAY_S || !isHere(moment)) return;
		wait(Math.max(0, within_s - (Date.now() - begun) / 1e3), () => {
			if (recall().after[key] != begun) return;
			mark(key);
			come(moment, { event: moment.after ?? "", properties: {} });
		});
	};

	/** @type {(call: import("./types.d.ts").Call) => void} */
	const begin = (call) => {
		if (gathering) ask();
		view = call;
		waits.forEach(clearTimeout);
		[waits, unseen, met, forms, inView, lingered].forEach((all) => all.clear());
		views.disconnect();
		offers = 0;
		for (const one of [...which("page"), ...which("elsewhere"), ...which("not_taken")]) come(one);
		for (const one of which("not_taken")) time(one);
		for (const one of which("lingering")) lingered.set(one, 0);
		const { left = [], at = 0 } = recall();
		if (left[0]) remember({ left: [] });
		if (Date.now() - at < 3e4) gather(left);
		tick();
	};
	/** @type {(call: import("./types.d.ts").Call) => void} */
	const hear = (call) => {
		const event = call.event ?? NAMES[call.type];
		if (event == "Experiment Viewed") exposures.push(call);
		if (call.type == "page") begin(call);
		if (!view) return;
		if (event == live.cart.added) remember({ cart: Date.now() });
		if (event == live.cart.completed) remember({ cart: 0 });
		for (const one of moments) if (one.on == "not_taken") {
			if (one.step == event) mark(one.key);
			if (one.after == event) mark(one.key, Date.now()), time(one);
		}
		for (const one of which("event"))
			if (one.event == event) come(one, { event, properties: call.properties ?? {} });
	};

	const leave = () => {
		const filled = [...forms].some((form) => form.isConnected);
		const cart = Date.now() - (recall().cart ?? 0) < DAY_S * 1e3;
		for (const one of which("leaving")) come(one);
		for (const one of which("abandoning")) if (one.what == "form" ? filled : cart) come(one);
	};
	const views = new IntersectionObserver(guard((entries) => {
		for (const { target, intersectionRatio, intersectionRect } of entries)
			inView[intersectionRatio >= 0.5 || intersectionRect.height >= innerHeight / 2 ? "add" : "delete"](target);
	}), bare({ threshold: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1] }));
	const tick = () => {
		clearTimeout(ticking);
		const now = performance.now(), passed = ticked && Math.min(now - ticked, 2e3);
		ticked = 0;
		if (!lingered.size || document.hidden) return;
		for (const [one, ms] of lingered) {
			const { element, seconds = 0 } = one, places = element ? [...document.querySelectorAll(element)] : [];
			places.forEach((place) => views.observe(place));
			const total = !element || places.some((place) => inView.has(place)) ? ms + passed : ms;
			lingered.set(one, total);
			if (total >= seconds * 1e3) lingered.delete(one), come(one);
		}
		ticked = now;
		ticking = window.setTimeout(guard(tick), 1e3);
	};

	const ask = () => {
		clearTimeout(gathering);
		gathering = 0;
		if (asking || !fitting.size) return;
		const moments = [...fitting.values()];
		fitting.clear();
		if (document.fullscreenElement || ++offers > 20) return;
		asking = true;
		const done = () => {
			asking = false;
			guard(ask)();
		};
		/** @type {Promise<void> | undefined} */
		let shown;
		const turn = async (lock = {}) => {
			if (lock) await Promise.race([shown = offer(moments), new Promise((free) => listen(window, "pagehide", free))]);
		};
		const { locks } = navigator;
		(locks ? locks.request("obverse.survey", bare({ ifAvailable: true }), /** @type {any} */ (turn)) : turn())
			.then(() => shown).then(done, done); // once the lock is free: what came meanwhile needs it
	};
	const offer = async (moments = [...fitting.values()]) => {
		const { anonymousId, context } = /** @type {import("./types.d.ts").Call} */ (view), { id, user } = me();
		const { path, url, title, referrer } = context.page;
		const body = JSON.stringify({
			writeKey: options.writeKey, anonymousId: id, userId: user,
			sessionId: id == anonymousId ? context.sessionId : undefined,
			language: document.documentElement.lang || navigator.language,
			exposures: exposures.filter((one) => one.anonymousId == id).slice(-20).map((one) => one.properties),
			moments, page: { path, url, title, referrer },
		});
		const found = (await (await site.ask("offer", { method: "POST", body })).json()).offer;
		if (!found) return;
		const { show } = await import("./surveys-show.js");
		if (!signal.aborted) await show(bare(found), site, make);
		fitting.clear();
	};

	listen(window, "pagehide", () => {
		const left = [...fitting.values()].filter((one) => one.event);
		if (left[0]) remember({ left, at: Date.now() });
		fitting.clear();
	});
	listen(document, "mouseout", ({ relatedTarget, clientY, buttons }) => {
		if (!relatedTarget && clientY <= 0 && !buttons) leave();
	});
	listen(document, "touchmove", ({ timeStamp }) => (touched = timeStamp));
	listen(document, "scroll", ({ timeStamp }) => {
		if (scrollY > last || timeStamp - highAt > 500) (high = Math.max(last, scrollY)), (highAt = timeStamp);
		last = scrollY;
		if (high - scrollY > innerHeight / 2 && scrollY < innerHeight && timeStamp - touched < 1500) leave();
	});
	listen(document, "change", (event) => {
		const { form } = event.composedPath()[0];
		if (form) forms.add(form);
	});
	listen(document, "submit", ({ target }) => forms.delete(target));
	listen(document, "visibilitychange", () => {
		tick();
		if (document.hidden) return;
		const waiting = [...unseen];
		unseen.clear();
		waiting.forEach((fit) => fit());
		if (matchMedia("(pointer: coarse)").matches) leave();
	});
	signal.addEventListener("abort", () => views.disconnect());

	const before = heard.splice(0);
	heard.push = (...calls) => (calls.forEach(guard(hear)), 0);
	before.filter((call) => call.anonymousId == me().id).forEach(guard(hear));
};
