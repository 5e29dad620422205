"""Logging in and out, by HTTP: what is let in, and what is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from tests.conftest import Server

NewServer = Callable[..., "Server"]
PASSWORD = "correct horse battery"
CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')


@pytest.fixture(scope="module")
def server(server_class: type[Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a password, and as many tries as this module needs."""
    made = server_class(tmp_path_factory.mktemp("server") / "data")
    with made.settings() as settings:
        settings.access.set_password(PASSWORD)
        settings.set_value("login_attempts", 1000)
    yield made.start()
    made.close()


@pytest.fixture
def anyone(server: Server) -> Iterator[httpx.Client]:
    with server.anyone() as client:
        yield client


def _csrf(client: httpx.Client, path: str) -> str:
    found = CSRF.search(client.get(path).text)
    assert found is not None
    return found[1]


def _log_in(client: httpx.Client, password: str = PASSWORD, onward: str = "/install") -> httpx.Response:
    form = {"csrf": _csrf(client, "/login"), "password": password, "next": onward}
    return client.post("/login", data=form)


def _session(server: Server, client: httpx.Client) -> str | None:
    return client.cookies.get(f"obverse-{server.port}")


def test_who_is_not_logged_in_is_sent_to_log_in_and_on_to_the_page_that_was_wanted(
    anyone: httpx.Client,
) -> None:
    answer = anyone.get("/install?x=1&y=2", headers={"accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=/install%3Fx%3D1%26y%3D2"
    page = anyone.get(answer.headers["location"])
    assert 'value="/install?x=1&amp;y=2"' in page.text
    assert _log_in(anyone, onward="/install?x=1&y=2").headers["location"] == "/install?x=1&y=2"
    assert anyone.get("/install").status_code == 200


def test_the_wrong_password_does_not_log_in(server: Server, anyone: httpx.Client) -> None:
    answer = _log_in(anyone, "wrong")
    assert answer.status_code == 403
    assert "not the password" in answer.text
    assert _session(server, anyone) is None


def test_the_session_s_cookie_is_hidden_from_scripts_and_other_sites(anyone: httpx.Client) -> None:
    cookie = _log_in(anyone).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie


def test_a_log_in_never_takes_a_session_that_was_there(server: Server, anyone: httpx.Client) -> None:
    anyone.cookies.set(f"obverse-{server.port}", "fixed-by-an-attacker", "127.0.0.1", "/")
    _log_in(anyone)
    first = _session(server, anyone)
    assert first not in {None, "fixed-by-an-attacker"}
    with server.anyone() as attacker:
        attacker.cookies.set(f"obverse-{server.port}", "fixed-by-an-attacker")
        assert attacker.get("/install").status_code == 401


def test_logging_out_ends_the_session_for_good(server: Server, anyone: httpx.Client) -> None:
    _log_in(anyone)
    session = _session(server, anyone)
    assert session is not None
    answer = anyone.post("/logout", data={"csrf": _csrf(anyone, "/setup")})
    assert answer.headers["location"] == "/login"
    assert _session(server, anyone) is None
    anyone.cookies.set(f"obverse-{server.port}", session)
    assert anyone.get("/install").status_code == 401


@pytest.mark.parametrize(
    "onward", ["//evil.example", "https://evil.example/", "/\\evil.example", "/a\r\nb: c"]
)
def test_a_log_in_leads_to_no_other_site(anyone: httpx.Client, onward: str) -> None:
    assert _log_in(anyone, onward=onward).headers["location"] == "/"
    again = anyone.get("/login", params={"next": onward})
    assert (again.status_code, again.headers["location"]) == (303, "/")


def test_a_form_without_its_token_changes_nothing(anyone: httpx.Client) -> None:
    anyone.get("/login")
    assert anyone.post("/login", data={"password": PASSWORD}).status_code == 403
    _log_in(anyone)
    assert anyone.post("/logout").status_code == 403
    assert anyone.post("/logout", data={"csrf": "0" * 64}).status_code == 403
    assert anyone.get("/install").status_code == 200


def test_a_token_of_another_session_is_none_of_this_one(server: Server, anyone: httpx.Client) -> None:
    _log_in(anyone)
    with server.client() as other:
        assert anyone.post("/logout", data={"csrf": _csrf(other, "/setup")}).status_code == 403
    with server.anyone() as stranger:
        assert anyone.post("/logout", data={"csrf": _csrf(stranger, "/login")}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_what_another_site_sends_changes_nothing(anyone: httpx.Client, headers: dict[str, str]) -> None:
    _log_in(anyone)
    token = _csrf(anyone, "/setup")
    answer = anyone.post("/logout", data={"csrf": token}, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["code"] == "forbidden"
    assert anyone.get("/install").status_code == 200


def test_a_page_that_calls_the_server_by_another_name_is_refused(anyone: httpx.Client) -> None:
    answer = anyone.get("/login", headers={"host": "evil.example"})
    assert (answer.status_code, answer.json()["code"]) == (421, "misdirected")


def test_a_link_logs_in_once(server: Server) -> None:
    link = server.link()
    with server.anyone() as first, server.anyone() as second:
        assert first.get(link).status_code == 303
        assert first.get("/install").status_code == 200
        answer = second.get(link)
        assert answer.status_code == 403
        assert "has been used" in answer.text
        assert second.get("/install").status_code == 401


def test_a_new_password_needs_the_old_one_and_ends_all_other_sessions(new_server: NewServer) -> None:
    server = new_server().start()
    with server.client() as mine, server.client() as other:
        form = {"csrf": _csrf(mine, "/setup"), "password": PASSWORD}
        assert mine.post("/setup", data={**form, "password": "short"}).status_code == 400
        assert mine.post("/setup", data=form).headers["location"] == "/"
        assert mine.get("/install").status_code == 200
        assert other.get("/install").status_code == 401
        form = {"csrf": _csrf(mine, "/setup"), "password": "another long password"}
        assert mine.post("/setup", data=form).status_code == 400
        answer = mine.post("/setup", data={**form, "current": PASSWORD})
        assert answer.headers["location"] == "/"
    with server.anyone() as later:
        assert _log_in(later).status_code == 403
        assert _log_in(later, "another long password").status_code == 303


def test_who_guesses_passwords_has_to_wait_and_the_right_one_waits_too(new_server: NewServer) -> None:
    server = new_server()
    with server.settings() as settings:
        settings.access.set_password(PASSWORD)
        settings.set_value("login_attempts", 3)
    server.start()
    with server.anyone() as client:
        assert [_log_in(client, "wrong").status_code for _ in range(3)] == [403] * 3
        answer = _log_in(client)
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 300
        assert client.get(server.link()).status_code == 303  # who has the machine is not locked out


def test_behind_a_proxy_cookies_need_https_and_tries_count_by_client(
    new_server: NewServer,
) -> None:
    server = new_server()
    with server.settings() as settings:
        settings.access.set_password(PASSWORD)
        settings.set_value("login_attempts", 1)
        settings.set_value("public_url", "https://analytics.example.com")
        settings.set_value("trusted_proxies", ["127.0.0.1"])
    port = _free_port()
    server.start(port)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        client.headers["host"] = "analytics.example.com"
        page = client.get("/login")
        assert "Secure" in page.headers["set-cookie"]
        cookie = page.headers["set-cookie"].partition(";")[0]
        found = CSRF.search(page.text)
        assert found is not None
        form = {"csrf": found[1], "password": "wrong"}

        def attempt(address: str, **more: str) -> httpx.Response:
            headers = {"cookie": cookie, "x-forwarded-for": address, **more}
            return client.post("/login", data=form, headers=headers)

        assert attempt("203.0.113.1").status_code == 403
        assert attempt("203.0.113.1").status_code == 429
        assert attempt("203.0.113.2", origin="http://127.0.0.1").status_code == 403
        form["password"] = PASSWORD
        answer = attempt("203.0.113.3", origin="https://analytics.example.com")
        assert answer.headers["set-cookie"].startswith("__Host-obverse=")
        assert "Secure" in answer.headers["set-cookie"]


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
