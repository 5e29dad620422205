// See core.d.ts
const ME = "obverse.me", SESSION = "obverse.session", QUEUE = "obverse-";
/** @type {T.Any} */
let [state, box, stops, heard, options, view] = ["denied", { __proto__: null }, { __proto__: null }, []];
let failures = 0, timer = 0, pulse = 0, rest = 0, shown = 0, n = 1e6;
const unsent = new Set();

/** @type {T.Safely} */
const safely = (act) => (...given) => {
	try { return act(...given) } catch {}
};
const tell = (name = "") => dispatchEvent(new Event("obverse:" + name));
/** @type {T.Listen} */
const listen = (name, act) => addEventListener(name, safely(act));
const random = () => crypto.getRandomValues(new Uint32Array(4)).join("");
const read = (key = "") => ({ __proto__: null, ...safely(JSON.parse)(box[key] || null) });
const put = (key = "", value = {}) => {
	const text = JSON.stringify(value);
	try { box[key] = text } catch { box = { __proto__: null, ...box, [key]: text } }
};
const drop = (key = "") => delete box[key];
const keys = (prefix = "") => Object.keys(box).filter((key) => key.startsWith(prefix)).sort();

const here = () => {
	const campaign = read(), { pathname: path, search, href } = location;
	new URLSearchParams(search).forEach((value, key) => {
		if (key.startsWith("utm_")) campaign[key.slice(4).replace("campaign", "name")] = value;
	});
	const { referrer, title } = document;
	return { campaign, page: { path, referrer: view?.page.url ?? referrer, search, title, url: href.split("#")[0] } };
};
const me = () => {
	read(ME).id || put(ME, { ...read(ME), id: random(), first: view ?? here() });
	return read(ME);
};
const add = (call = {}) => {
	if (state == "denied") return;
	const now = Date.now(), last = read(SESSION), { id, user, group, first } = me();
	const sessionId = now - last.at <= 18e5 ? last.id : random();
	put(SESSION, { id: sessionId, at: now });
	const messageId = QUEUE + now.toString(36) + n++ + random();
	const context = { ...(view ?? here()), first, groupId: group, sessionId };
	call = { anonymousId: id, userId: user, ...call, messageId, timestamp: new Date(), context };
	put(messageId, call);
	unsent.add(messageId);
	heard[99] || heard.push(call);
	if (document.hidden) queueMicrotask(leave);
	else timer ||= setTimeout(flush, 1e3);
};

const pack = (queued = [""]) => {
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
	if (!picked[0]) return (timer = 0);
	let wait = 1e3 * 2 ** failures * (1 + Math.random());
	try {
		const answer = await fetch(url, {
			__proto__: null, body, keepalive: !failures, method: "POST", signal: AbortSignal.timeout(3e4),
		});
		wait = answer.headers.get("retry-after") * 1e3 || wait;
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

const beat = safely((next = 2 * rest) => {
	const now = performance.now(), spent = shown && now - shown;
	shown = document.hidden ? 0 : now;
	rest = Math.min(next, 96e4);
	if (view && spent > 1) client.track("Page Lingered", { visible_ms: Math.round(spent) });
	clearTimeout(pulse);
	if (shown && rest) pulse = setTimeout(beat, rest);
});
const open = (fields = {}) => {
	if (state == "denied") return;
	beat(options.heartbeat * 1e3);
	tell("page");
	view = here();
	add({ type: "page", ...fields });
};
const moved = safely(() => options.pages && view?.page.path != location.pathname && open());

const settle = (next = "") => {
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
		options.pages && open();
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

/** @type {T.Client} */
const client = {
	page: safely((...given) => {
		const [name, category] = given.filter((one) => typeof one == "string").reverse();
		open({ name, category, properties: given.find((one) => typeof one == "object") });
	}),
	track: safely((event, properties) => add({ type: "track", event, properties })),
	identify: safely((user, traits) => {
		if (typeof user == "object") traits = user;
		else if (user) put(ME, { ...me(), user });
		add({ type: "identify", traits });
	}),
	group: safely((group, traits) => {
		put(ME, { ...me(), group });
		add({ type: "group", groupId: group, traits });
	}),
	reset: safely(() => {
		put(ME, { consent: read(ME).consent });
		drop(SESSION);
	}),
	consent: (next) => {
		if (next) safely(settle)(next);
		return state;
	},
	on: (name, hear) => listen("obverse:" + name, hear),
	push: safely(([name, ...given]) => client[name]?.(...given)),
};

/** @type {T.Load} */
export const load = (key, given) => {
	if (document.prerendering) document.addEventListener("prerenderingchange", () => load(key, given));
	else if (!options) safely(() => {
		options = {
			consent: "granted", signals: "denied", writeKey: key,
			heartbeat: 15, act: true, surveys: true, pages: true, host: new URL(".", import.meta.url).href, ...given,
		};
		const { name = "obverse" } = { ...given }, was = window[name];
		window[name] = client;
		if (options.signals && options.consent != "denied" && (navigator.doNotTrack == "1" || navigator.globalPrivacyControl))
			options.consent = options.signals;
		settle();
		was?.forEach?.(client.push);
		const leaving = () => (beat(rest), leave());
		listen("visibilitychange", leaving);
		listen("pagehide", leaving);
		listen("pageshow", ({ persisted }) => persisted && open());
		listen("online", flush);
		listen("storage", ({ key, newValue }) => key == ME && !newValue && settle("denied"));
		if (window.navigation) navigation.addEventListener("currententrychange", moved);
		else setInterval(moved, 300);
	})();
	return client;
};
export default client;

const tag = globalThis.document?.querySelector("[data-key][src$='obverse.js']")?.dataset;
if (tag?.key) load(tag.key, JSON.parse(tag.options ?? "{}"));
