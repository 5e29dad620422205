//# allFunctionsCalledOnLoad
// See core.d.ts
const ME = "obverse.me", SESSION = "obverse.session", QUEUE = "obverse-";
/** @type {T.Any} */
let [state, box, stops, heard, early, options, view, begun] = ["denied", { __proto__: null }, { __proto__: null }, [], []];
let failures = 0, timer = 0, pulse = 0, rest = 0, shown = 0, n = 1e6;
const unsent = new Set();

/** @type {T.Safely} */
const safely = (act) => (...given) => {
	try { return act(...given) } catch {}
};
/** @type {T.ByName} */
const tell = (name) => dispatchEvent(new Event("obverse:" + name));
/** @type {T.Listen} */
const listen = (name, act) => addEventListener(name, safely(act));
const random = () => crypto.getRandomValues(new Uint32Array(4)).join("");
/** @type {T.ByName} */
const read = (key) => ({ __proto__: null, ...safely(JSON.parse)(box[key] || null) });
/** @type {T.Put} */
const put = (key, value) => {
	const text = JSON.stringify(value);
	try { box[key] = text } catch { box = { __proto__: null, ...box, [key]: text } }
};
/** @type {T.ByName} */
const drop = (key) => delete box[key];
/** @type {(prefix: string) => string[]} */
const keys = (prefix) => Object.keys(box).filter((key) => key.startsWith(prefix)).sort();

const visible = () => document.hidden ? 0 : performance.now();
/** @type {() => T.Seen} */
const look = () => {
	const { pathname: path, search, href } = location, { referrer, title } = document;
	const page = { path, referrer: view?.page.url ?? referrer, search, title, url: href.split("#")[0] };
	return { page, now: Date.now(), since: visible() };
};
const here = ({ page } = look()) => {
	const campaign = read();
	new URLSearchParams(page.search).forEach((value, key) => {
		if (key.startsWith("utm_")) campaign[key.slice(4).replace("campaign", "name")] = value;
	});
	return { campaign, page };
};
const me = () => {
	read(ME).id || put(ME, { ...read(ME), id: random(), first: view ?? here() });
	return read(ME);
};
/** @type {(call: object, now?: number) => void} */
const add = (call, now = Date.now()) => {
	if (state == "denied") return;
	const last = read(SESSION), { id, user, group, first } = me();
	const sessionId = now - last.at <= 18e5 ? last.id : random();
	put(SESSION, { id: sessionId, at: now });
	const messageId = QUEUE + now.toString(36) + n++ + random();
	const context = { ...(view ?? here()), first, groupId: group, sessionId };
	call = { anonymousId: id, userId: user, ...call, messageId, timestamp: new Date(now), context };
	put(messageId, call);
	unsent.add(messageId);
	heard[99] || heard.push(call);
	if (document.hidden) queueMicrotask(leave);
	else timer ||= setTimeout(flush, 1e3);
};

/** @type {T.Pack} */
const pack = (queued) => {
	const picked = queued.filter((key) => box[key]).slice(0, 32 >> failures || 1);
	picked.forEach((key) => unsent.delete(key));
	const { language: locale, userAgent } = navigator, { width, height } = screen;
	const timezone = window.Temporal?.Now.timeZoneId() ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
	const context = { library: { name: "obverse.js" }, locale, screen: { width, height }, timezone, userAgent };
	const body = JSON.stringify({ batch: picked.map(read), context, sentAt: new Date(), writeKey: options.writeKey });
	return { picked, url: new URL("v1/b", options.host), body };
};
const send = async () => {
	const { picked, url, body } = pack(keys(QUEUE));
	if (!picked[0]) return timer = 0;
	let wait = (1 + Math.random()) * 1e3 * 2 ** failures;
	try {
		const answer = await fetch(url, {
			__proto__: null, body, keepalive: !failures, method: "POST", signal: AbortSignal.timeout(3e4),
		});
		wait = 1e3 * answer.headers.get("retry-after") || wait;
		const { refused } = await answer.json();
		if (refused && (answer.status < 401 || answer.status == 413 && !picked[1])) {
			failures = 0;
			picked.forEach(drop);
			return send();
		}
	} catch {}
	if (failures < 8) failures++;
	picked.forEach((key) => unsent.add(key));
	timer = setTimeout(flush, wait);
};
const flush = async () => {
	clearTimeout(timer);
	timer = -1;
	try {
		const old = QUEUE + (Date.now() - 24192e5).toString(36);
		keys(QUEUE).filter((key, at, { length }) => key < old || at < length - 1e3).forEach(drop);
		await navigator.locks.request("obverse", send);
	} catch {
		await send().catch(() => {});
	}
};
const leave = safely(() => {
	const { picked, url, body } = pack([...unsent]);
	if (!failures && picked[0] && navigator.sendBeacon(url, body)) leave();
});

const beat = safely((next = 2 * rest, since = visible()) => {
	const spent = shown && performance.now() - shown;
	shown = since;
	rest = Math.min(next, 96e4);
	if (view && spent > 1) client.track("Page Lingered", { visible_ms: Math.round(spent) });
	clearTimeout(pulse);
	if (shown && rest) pulse = setTimeout(beat, rest);
});
/** @type {(fields?: object, seen?: T.Seen) => void} */
const open = (fields, seen = look()) => {
	if (state == "denied") return;
	beat(options.heartbeat * 1e3, seen.since);
	tell("page");
	view = here(seen);
	add({ type: "page", ...fields }, seen.now);
};

/** @type {(next: string, seen?: T.Seen) => void} */
const settle = (next, seen = look()) => {
	const before = state, had = box;
	box = safely(() => localStorage)() ?? { __proto__: null };
	const asked = next || read(ME).consent || options.consent;
	state = asked == "granted" || asked == "cookieless" ? asked : "denied";
	if (state == "granted") for (const key in had) box[key] ??= had[key];
	else {
		keys("obverse").forEach(drop);
		box = state == before ? had : { __proto__: null };
	}
	if (next == "granted") put(ME, { ...me(), consent: next });
	if (state == "denied") {
		for (const key in stops) stops[key] = stops[key]?.();
		view = null;
	} else if (before == "denied") {
		options.pages && open({}, seen);
		setTimeout(() => {
			options.surveys && run();
			options.act && run("act", import("./act.js"));
		});
	}
	tell("consent");
};
const run = (key = "surveys", module = import("./surveys.js")) => module.then(({ start }) => {
	if (state != "denied") stops[key] ??= start(client, options, heard, me);
}).catch(() => {});

const wake = () => {
	const seen = begun;
	if (!seen) return;
	begun = null;
	options = {
		consent: "granted", signals: "denied",
		heartbeat: 15, act: true, surveys: true, pages: true, host: import.meta.url,
		...seen.given ?? tag(), writeKey: seen.key,
	};
	if (options.signals && options.consent != "denied" && (navigator.doNotTrack == "1" || navigator.globalPrivacyControl))
		options.consent = options.signals;
	safely(settle)("", seen);
	listen("pageshow", ({ persisted }) => persisted && open());
	listen("online", flush);
	listen("storage", ({ key, newValue }) => key == ME && !newValue && settle("denied"));
	seen.early.forEach(safely((call) => call()));
};
/** @type {T.Safely} */
const woken = (act) => safely((...given) => {
	if (early) return early[99] || early.push(() => act(...given)), state;
	wake();
	return act(...given);
});
const leaving = woken(() => { beat(rest); leave() });
const moved = woken(() => options.pages && view?.page.path != location.pathname && open());

/** @type {T.Client} */
const client = {
	page: woken((...given) => {
		const [name, category] = given.filter((one) => typeof one == "string").reverse();
		open({ name, category, properties: given.find((one) => typeof one == "object") });
	}),
	track: woken((event, properties) => add({ type: "track", event, properties })),
	identify: woken((user, traits) => {
		if (typeof user == "object") traits = user;
		else if (user) put(ME, { ...me(), user });
		add({ type: "identify", traits });
	}),
	group: woken((group, traits) => {
		put(ME, { ...me(), group });
		add({ type: "group", groupId: group, traits });
	}),
	reset: woken(() => {
		put(ME, { consent: read(ME).consent });
		drop(SESSION);
	}),
	consent: woken((next) => {
		if (next) safely(settle)(next);
		return state;
	}),
	on: safely((name, hear) => listen("obverse:" + name, hear)),
	push: woken(([name, ...given]) => client[name]?.(...given)),
};

/** @type {T.Load} */
export const load = (key, given = {}, name = given?.name) => {
	if (early && key) safely(() => {
		name ??= "obverse";
		window[name]?.forEach?.(client.push);
		window[name] = client;
		if (document.prerendering) return document.addEventListener("prerenderingchange", () => load(key, given, name));
		begun = { ...look(), key, given, early };
		early = null;
		listen("visibilitychange", leaving);
		listen("pagehide", leaving);
		if (window.navigation) navigation.addEventListener("currententrychange", moved);
		else setInterval(moved, 300);
		(window.requestIdleCallback ?? setTimeout)(safely(wake), { timeout: 1e3 });
	})();
	return client;
};
export default client;

const tag = () => {
	/** @type {T.Any} */
	const { dataset: { key, options } } = document.querySelector(`[src$='/${import.meta.url.split("/").pop()}']`);
	return { key, ...JSON.parse(options || null) };
};
safely(() => {
	const asked = new URL(import.meta.url).searchParams, key = asked.get("key");
	if (key) load(key, null, asked.get("name"));
	else load(tag().key, tag());
})();
