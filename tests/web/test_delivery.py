"""What every answer carries: security headers; and how little is sent twice."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pytest

from obverse.web.assets import ASSETS
from obverse.web.delivery import CONTENT_SECURITY_POLICY, accepts_gzip

if TYPE_CHECKING:
    from tests.conftest import Server

PATHS = (
    "/", "/funnel", "/people", "/health", "/install", "/setup", "/login", "/nothing/is/here", "/api/names",
    "/api/nothing", "/api/ask", "/static/obverse.css", "/static/../../etc/passwd",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_every_answer_has_a_strict_policy(client: httpx.Client, path: str, accept: str) -> None:
    answer = client.get(path, headers={"accept": accept})
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.status_code < 500


@pytest.mark.parametrize("path", [path for path in PATHS if path[:7] not in {"/static", "/login"}])
def test_nothing_but_the_log_in_is_for_everybody(server: Server, path: str) -> None:
    with server.anyone() as anyone:
        assert anyone.get(path).status_code in {401, 404, 405}


def test_pages_have_no_style_or_script_that_the_policy_would_stop(client: httpx.Client) -> None:
    for path in ("/", "/funnel", "/people", "/health", "/install", "/setup", "/nothing"):
        page = client.get(path, headers={"accept": "text/html"}).text
        assert not re.search(r"<[^>]* (style|on\w+)=", page), path
        assert not re.search(r"<script(?![^>]* src=\"/static/)[^>]*>", page), path
        assert "<style" not in page, path


def test_an_unchanged_page_is_not_sent_again(client: httpx.Client) -> None:
    first = client.get("/setup")
    assert first.headers["cache-control"] == "no-store"  # a form with a secret
    first = client.get("/install")
    again = client.get("/install", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/install", headers={"if-none-match": '"another"'}).content == first.content


def test_pages_go_out_zipped_to_who_takes_that(client: httpx.Client) -> None:
    plain = client.get("/install", headers={"accept-encoding": "identity"})
    zipped = client.get("/install", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.text == plain.text
    assert int(zipped.headers["content-length"]) < int(plain.headers["content-length"])
    assert "accept-encoding" in zipped.headers["vary"]


@pytest.mark.parametrize(
    ("given", "takes"),
    [("gzip, deflate, br", True), ("*", True), ("gzip;q=0, br", False), ("GZIP ; q=0.5", True), ("", False)],
)
def test_a_client_says_whether_it_takes_gzip(given: str, takes: bool) -> None:
    assert accepts_gzip(given) is takes


def test_a_static_file_is_kept_for_ever_under_its_hash_and_asked_for_anew_without(server: Server) -> None:
    with server.anyone() as anyone:
        kept = anyone.get(ASSETS.url("obverse.css"))
        assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert kept.headers["content-type"] == "text/css; charset=utf-8"
        plain = anyone.get("/static/obverse.css")
        assert plain.headers["cache-control"] == "no-cache"
        assert plain.content == kept.content
        again = anyone.get("/static/obverse.css", headers={"if-none-match": plain.headers["etag"]})
        assert again.status_code == 304
        assert anyone.get("/static/000000000000/obverse.css").status_code == 404
        assert anyone.get("/static/%2e%2e/app.py").status_code == 404
        assert anyone.get("/static//etc/passwd").status_code == 404


def test_an_unknown_static_file_has_no_address() -> None:
    with pytest.raises(KeyError):
        ASSETS.url("nothing.js")
