"""A page with PostHog's snippet, which takes its scripts from the host: from npm's folder, unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.conftest import Server
from tests.sdk.foreign_shop import MODULES, events_come_to, js, shop

if TYPE_CHECKING:
    from playwright.sync_api import Page

DIST = MODULES / "posthog-js" / "dist"
# What PostHog's snippet does: calls wait in an array until the script is there, which it loads from the host.
SNIPPET = """
window.posthog = []; posthog._i = []; posthog.__SV = 1;
for (const name of ["capture", "identify"]) posthog[name] = (...given) => posthog.push([name, ...given]);
posthog.init = (key, options) => {
  const script = document.createElement("script");
  Object.assign(script, { crossOrigin: "anonymous", src: options.api_host + "/static/array.js" });
  document.head.append(script);
  posthog._i.push([key, options, undefined]);
};
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that was told of npm's folder."""
    made = Server(tmp_path_factory.mktemp("server") / "data")
    with made.settings() as settings:
        settings.set_value("posthog_js", str(DIST))
    yield made.start()
    made.close()


@pytest.mark.browser
def test_what_a_visitor_does_arrives_once_and_lazy_parts_are_loaded(server: Server, fresh_page: Page) -> None:
    user = f"ada-{uuid4()}"
    options = {"api_host": server.address, "opt_out_useragent_filter": True, "capture_dead_clicks": True}
    start = f"posthog.init({js(server.write_key)}, {js(options)}); posthog.capture('Seen early');"
    start += f"posthog.identify({js(user)}, {{ plan: 'pro' }})"
    answered: dict[str, int] = {}
    fresh_page.on("response", lambda reply: answered.update({reply.url.partition("?")[0]: reply.status}))
    with shop(None, start, SNIPPET) as address:
        fresh_page.goto(address)
        fresh_page.wait_for_function("window.posthog.__loaded")
        fresh_page.get_by_role("button", name="Look").click()
        expected = {"Page Viewed", "Seen early", "Identified", "Element Clicked", "Dead Clicked"}
        events = events_come_to(server, user, expected)
    assert {event["touchpoint"] for event in events} == {"web"}
    scripts = {url.removeprefix(server.address): n for url, n in answered.items() if "/static/" in url}
    assert {path.rpartition("/")[2] for path in scripts} == {"array.js", "dead-clicks-autocapture.js"}
    assert set(scripts.values()) == {200}


def test_only_what_is_in_the_folder_and_posthogs_is_served_and_the_rest_refused_in_words(
    server: Server,
) -> None:
    with server.anyone() as client:
        reply = client.get("/static/array.js", headers={"origin": "https://shop.example"})
        assert (reply.status_code, reply.content) == (200, (DIST / "array.js").read_bytes())
        assert reply.headers["content-type"] == "text/javascript; charset=utf-8"
        assert reply.headers["access-control-allow-origin"] == "*"
        assert reply.headers["cache-control"].startswith("public, max-age=3600")
        assert reply.headers["content-encoding"] == "gzip"
        again = client.get("/static/array.js", headers={"if-none-match": reply.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert client.get(f"/array/{server.write_key}/array.js").content == reply.content
        assert client.get("/static/1.2.3/surveys.js").content == (DIST / "surveys.js").read_bytes()
        assert client.post("/static/array.js").status_code == 405
        gone = client.get("/static/toolbar.js")  # which npm's package does not have
        assert gone.status_code == 404
        assert "obverse setting set posthog_js" in gone.json()["message"]
        for path in (
            "main.js",
            "rrweb.js",
            "../package.json",
            "%2e%2e/package.json",
            "array.js.map",
            "array.d.ts",
        ):
            assert client.get(f"/static/{path}").status_code == 404, path


def test_the_page_that_installs_tells_of_it(server: Server) -> None:
    with server.client() as client:
        page = client.get("/install", params={"client": "posthog-browser"}).text
    assert "obverse setting set posthog_js" in page
