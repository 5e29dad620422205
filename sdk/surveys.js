// Why: asking.d.ts
/** @type {import("./types.d.ts").Module["start"]} */
export const start = (client, options, heard, me) => {
	const quit = new AbortController(), { signal } = quit, consent = () => client.consent();
	const at = (name = "") => new URL("surveys/" + name, options.host);
	/** @type {(name: string, given?: RequestInit) => Promise<Response>} */
	const ask = (name, given) => fetch(at(name), { __proto__: null, signal, ...given });
	const look = async () => {
		try {
			const live = await (await ask("live.json?key=" + encodeURIComponent(options.writeKey))).json();
			if (live.surveys[0]) {
				const { watch } = await import("./surveys-watch.js");
				return signal.aborted || watch({ at, ask, options, heard, me, consent, signal }, live);
			}
		} catch {}
		if (!signal.aborted) heard.push = () => (heard.length = 0);
	};
	const begin = () => {
		if (document.readyState != "complete" || document.hidden || signal.aborted) return;
		removeEventListener("load", begin);
		removeEventListener("visibilitychange", begin);
		(window.requestIdleCallback ?? setTimeout)(look);
	};
	addEventListener("load", begin);
	addEventListener("visibilitychange", begin);
	begin();
	return () => {
		quit.abort();
		Reflect.deleteProperty(heard, "push");
		heard.length = 0;
	};
};
