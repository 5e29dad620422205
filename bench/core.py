"""Main-thread time of the browser client, by the DevTools: `python -m bench.core --visits 40`.

Chromium loads a page of 10,000 nodes twice in a new profile, again and again, by turns with the client and
with an empty module, at full speed and with the DevTools protocol's own throttle at 4. The page is left alone
until the client has sent its view. The trace says how long the page's main thread was at the client:
*at load*, compiling and running the module; *later*, in the tasks that it has made, of which one in an idle
moment reads and fills the storage, and one a second later sends. An empty module is what any script costs.

The throttle stops the thread for three times as long as it ran, waiting for a processor or for another
process included: so run it on a machine that is idle, or look at the least.
"""

from __future__ import annotations

import argparse
import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from obverse.web.sdk import compact

SDK = Path(__file__).parents[1] / "sdk"
CHROMIUM = "/usr/bin/chromium"
SLOWER = 4
MODULE = {"v8.compileModule", "v8.evaluateModule"}
TASKS = {"FunctionCall"}
SCRIPTS = {
    "the core": compact((SDK / "obverse.js").read_text()),
    "an empty module": "window.obverse = {}; export {};",
}
PAGES = ("first page", "next page")
"""Of a browser that has just started: its first page also pays for what all pages of a process share."""
SENT = "localStorage['obverse.me'] && !Object.keys(localStorage).some((key) => key.startsWith('obverse-'))"
LOOK_MS = 200
"""How often that is looked at: seldom, since the looking is work of the main thread too."""
PAGE = (
    '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">'
    '<script type="module" src="/obverse.js?key=k"'
    """ data-options='{"act": false, "surveys": false, "heartbeat": 0}'></script>"""
    "<ul>" + "<li><span>x</span></li>" * 5000 + "</ul>"
)


@contextmanager
def site(script: str) -> Iterator[str]:
    """Serve the page, a script as the client, and an answer to what it sends; give the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = "text/html", PAGE.encode()
            if self.command == "POST":
                self.rfile.read(int(self.headers["content-length"]))
                kind, body = "application/json", b'{"success":true,"accepted":1,"refused":[]}'
            elif self.path.startswith("/obverse.js"):
                kind, body = "text/javascript", script.encode()
            self.send_response(200)
            self.send_header("content-type", kind)
            with suppress(OSError):  # who closes a page waits for no answer
                self.end_headers()
                self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the name that the server calls

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def visit(browser: Browser, address: str, rate: int) -> Iterator[tuple[str, dict[str, float]]]:
    """Load pages in a new profile at a rate of the throttle; give the ms at load and later."""
    context = browser.new_context()
    page = context.new_page()
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": rate})
    for name in PAGES:
        browser.start_tracing(page=page, categories=["devtools.timeline", "v8"])
        page.goto(address)
        if page.evaluate("'track' in obverse"):
            page.wait_for_function(SENT, polling=LOOK_MS)
        yield name, _took(json.loads(browser.stop_tracing())["traceEvents"])
    context.close()


def _took(events: list[dict[str, Any]]) -> dict[str, float]:
    whole = [one for one in events if one["ph"] == "X"]
    [compiled] = [one for one in whole if one["name"] == "v8.compileModule" and _is_ours(one)]
    # The browser's own pages run modules too, in other processes.
    thread = [one for one in whole if (one["pid"], one["tid"]) == (compiled["pid"], compiled["tid"])]
    module = [one for one in thread if one["name"] in MODULE]
    tasks = [one for one in thread if one["name"] in TASKS and _is_ours(one)]
    return {
        f"{when}, {clock}": sum(one.get(field, 0) for one in part) / 1000
        for when, part in (("at load", module), ("later", tasks), ("in all", module + tasks))
        for clock, field in (("by the wall", "dur"), ("of the processor", "tdur"))
    }


def _is_ours(event: dict[str, Any]) -> bool:
    return "/obverse.js" in str(event["args"].get("data", {}).get("url", ""))


def main() -> None:
    """Visit by turns and print medians and the least."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--visits", type=int, default=40)
    n = parser.parse_args().visits
    found: dict[str, list[float]] = defaultdict(list)
    with ExitStack() as stack:
        sites = {name: stack.enter_context(site(script)) for name, script in SCRIPTS.items()}
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(n):
            for rate, (script, address) in product((1, SLOWER), sites.items()):
                for page, took in visit(browser, address, rate):
                    for name, ms in took.items():
                        found[f"{script}, {rate}x, {page}, {name}"].append(ms)
        print(f"Chromium {browser.version}, {n} visits each; ms, median and least")
        browser.close()
    for name, all_ms in found.items():
        if any(all_ms):
            print(f"{name:60} {median(all_ms):7.2f} {min(all_ms):7.2f}")


if __name__ == "__main__":
    main()
