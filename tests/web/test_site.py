"""Which hosts and origins are the server's own, and where a log-in may lead."""

from __future__ import annotations

import pytest

from obverse.web.site import MisdirectedError, Site, local_path

HERE = Site("127.0.0.1", 8040)
PUBLIC = Site("127.0.0.1", 8040, "https://analytics.example.com", ("127.0.0.1", "10.0.0.0/8"))


@pytest.mark.parametrize("host", ["127.0.0.1:8040", "localhost:8040", "[::1]:8040", "localhost"])
def test_a_server_on_loopback_answers_for_this_machine(host: str) -> None:
    HERE.check_host(host)


@pytest.mark.parametrize("host", ["evil.example:8040", "127.0.0.1.evil.example", "", None, "10.0.0.1:8040"])
def test_a_server_on_loopback_answers_for_no_other_host(host: str | None) -> None:
    with pytest.raises(MisdirectedError):
        HERE.check_host(host)


def test_a_server_behind_a_proxy_answers_for_its_public_host() -> None:
    PUBLIC.check_host("analytics.example.com")
    with pytest.raises(MisdirectedError, match="public_url"):
        PUBLIC.check_host("other.example.com")


def test_only_pages_of_the_server_are_of_its_origin() -> None:
    assert HERE.is_own_origin("http://127.0.0.1:8040", "127.0.0.1:8040")
    assert not HERE.is_own_origin("http://127.0.0.1:9000", "127.0.0.1:8040")
    assert not HERE.is_own_origin("null", "127.0.0.1:8040")
    assert PUBLIC.is_own_origin("https://analytics.example.com", "127.0.0.1:8040")
    assert not PUBLIC.is_own_origin("http://127.0.0.1:8040", "127.0.0.1:8040")


def test_cookies_are_apart_for_two_ports_and_need_https_where_the_public_address_does() -> None:
    assert HERE.cookie != Site("127.0.0.1", 8041).cookie
    assert not HERE.secure
    assert PUBLIC.secure
    assert PUBLIC.cookie.startswith("__Host-")


def test_a_server_is_exposed_by_its_address_or_by_its_public_one() -> None:
    assert not HERE.exposed
    assert PUBLIC.exposed
    assert Site("0.0.0.0", 8040).exposed
    assert not Site("::1", 8040, "http://localhost:9000").exposed


def test_a_client_s_address_is_believed_from_trusted_proxies_only() -> None:
    assert HERE.client("127.0.0.1", "203.0.113.9") == "127.0.0.1"
    assert PUBLIC.client("127.0.0.1", "6.6.6.6, 203.0.113.9, 10.1.2.3") == "203.0.113.9"
    assert PUBLIC.client("203.0.113.9", "6.6.6.6") == "203.0.113.9"
    assert PUBLIC.client("127.0.0.1", None) == "127.0.0.1"


@pytest.mark.parametrize(
    "text",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "",
        "/a\r\nb",
        "/login",
        "\t//evil.example",
        "/\t/evil.example",
        "/ünder",
    ],
)
def test_a_log_in_leads_nowhere_else(text: str) -> None:
    assert local_path(text) == "/"
