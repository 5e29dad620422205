"""Logging in with a real browser, by its own forms and cookies."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect

if TYPE_CHECKING:
    from tests.conftest import Server

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery"


def test_the_first_link_leads_to_a_password_and_that_logs_in(
    new_server: Callable[..., Server], fresh_page: Page
) -> None:
    server = new_server().start()
    page = fresh_page
    page.goto(server.greeting.split()[-1])
    assert page.url == f"{server.address}/setup"
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    page.wait_for_url(f"{server.address}/")
    page.context.clear_cookies()
    page.goto(f"{server.address}/install")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("not the password")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{server.address}/install")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{server.address}/login")
    page.goto(f"{server.address}/install")
    assert page.url.startswith(f"{server.address}/login")


def test_no_script_runs_that_is_not_the_server_s_own(server: Server, browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{server.address}/login")
    ran = page.evaluate(
        """() => new Promise(resolve => {
            document.addEventListener("securitypolicyviolation", event => resolve(event.effectiveDirective));
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
            setTimeout(() => resolve(window.ran ? "ran" : "blocked without a word"), 2000);
        })"""
    )
    context.close()
    assert ran == "script-src-elem"
