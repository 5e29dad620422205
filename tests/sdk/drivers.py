"""Firefox and WebKit, Safari's engine, as Debian has them, driven by the protocols that are built in.

Firefox speaks Marionette on a socket, WebKit's driver WebDriver over HTTP: the same commands by other names.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

FIREFOX = shutil.which("firefox-esr")
WEBKIT = shutil.which("WebKitWebDriver")
XVFB = shutil.which("Xvfb")
MINI_BROWSERS = sorted(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))
WITHIN_S = 120
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the name that WebDriver gives to a reference to an element

_MARIONETTE = {
    "back": "Back",
    "element/{id}/click": "ElementClick",
    "element/{id}/value": "ElementSendKeys",
    "element": "FindElement",
    "execute/sync": "ExecuteScript",
    "url": "Navigate",
    "window": "SwitchToWindow",
    "window/close": "CloseWindow",
    "window/new": "NewWindow",
}
"""Marionette's name of each of WebDriver's commands."""

_PREFERENCES = """user_pref("marionette.port", {port});
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("app.update.disabledForTesting", true);
"""


class Driver:
    """A browser under remote control: a tab of it at a time.

    Attributes:
        version: name and version, as the browser gives them.
        here: the tab.
        opens: what a new tab is, so that it is seen: one that is not is a hidden page.
    """

    version: str
    here: str
    opens = "tab"

    def do(self, command: str, **given: Any) -> Any:
        """Give a command, by its path in WebDriver; give its value."""
        raise NotImplementedError

    def visit(self, url: str) -> None:
        """Open a page and wait until it is loaded."""
        self.do("url", url=url)

    def evaluate(self, script: str, *given: Any) -> Any:
        """Run the body of a function in the page."""
        return self.do("execute/sync", script=script, args=list(given))

    def wait_for(self, condition: str) -> None:
        """Look until an expression is true in the page, or in the one that comes after it."""
        until = time.monotonic() + WITHIN_S
        while not self.evaluate(f"return Boolean({condition})"):
            assert time.monotonic() < until, condition
            time.sleep(0.05)

    def call(self, name: str, *given: Any) -> Any:
        """Call a method of the client, once it is loaded."""
        self.wait_for("window.obverse?.track")
        return self.evaluate(
            "const [name, ...given] = arguments; return obverse[name](...given);", name, *given
        )

    def find(self, selector: str) -> str:
        """Give the reference of an element."""
        found: str = self.do("element", using="css selector", value=selector)[ELEMENT]
        return found

    def click(self, selector: str) -> None:
        """Click as a person does."""
        self.do("element/{id}/click", id=self.find(selector))

    def follow(self, selector: str) -> None:
        """Click by script: Marionette's click listens to `unload`, and no such page is kept to go back to."""
        self.evaluate(
            "const one = document.querySelector(arguments[0]); setTimeout(() => one.click())", selector
        )

    def type(self, selector: str, text: str) -> None:
        """Type into a field, key by key."""
        self.do("element/{id}/value", id=self.find(selector), text=text)

    def back(self) -> None:
        """Go back, as by the browser's button."""
        self.do("back")

    @contextmanager
    def tab(self) -> Iterator[str]:
        """Be in a new tab, which is closed at the end of the block; the tab before stays."""
        before = self.here
        self._switch(self.do("window/new", type=self.opens)["handle"])
        yield self.here
        self.do("window/close")
        self._switch(before)

    def _switch(self, handle: str) -> None:
        self.do("window", handle=handle)
        self.here = handle


class Firefox(Driver):
    """Firefox by Marionette: messages of JSON, each with its length in front."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._stream = connection.makefile("rb")
        self._n = 0
        self._hear()
        made = self._ask("NewSession", {})
        self.version = f"Firefox {made['capabilities']['browserVersion']}"
        self.here = self._ask("GetWindowHandle", {})

    def do(self, command: str, **given: Any) -> Any:
        """See `Driver.do`."""
        found = self._ask(_MARIONETTE[command], given)
        return found["value"] if isinstance(found, dict) and set(found) == {"value"} else found

    def _ask(self, name: str, given: dict[str, Any]) -> Any:
        self._n += 1
        message = json.dumps([0, self._n, f"WebDriver:{name}", given]).encode()
        self._connection.sendall(b"%d:%b" % (len(message), message))
        _, _, error, found = self._hear()
        assert error is None, error
        return found["value"] if name == "GetWindowHandle" else found

    def _hear(self) -> Any:
        length = b""
        while (one := self._stream.read(1)) != b":":
            assert one, "Firefox has gone"
            length += one
        return json.loads(self._stream.read(int(length)))


class WebKit(Driver):
    """WebKit by WebDriver over HTTP."""

    opens = "window"

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        browser = {"binary": str(MINI_BROWSERS[-1]), "args": ["--automation"]}
        wanted = {"alwaysMatch": {"webkitgtk:browserOptions": browser}}
        made = self._ask("POST", "/session", {"capabilities": wanted})
        self._session = f"/session/{made['sessionId']}"
        self.version = f"WebKitGTK {made['capabilities']['browserVersion']}"
        self.here = self._ask("GET", f"{self._session}/window")

    def do(self, command: str, **given: Any) -> Any:
        """See `Driver.do`."""
        method = "DELETE" if command == "window/close" else "POST"
        path = command.removesuffix("/close").replace("{id}", str(given.pop("id", "")))
        return self._ask(method, f"{self._session}/{path}", given)

    def end(self) -> None:
        """Close the browser."""
        self._ask("DELETE", self._session)

    def _ask(self, method: str, path: str, given: dict[str, Any] | None = None) -> Any:
        reply = self._client.request(method, path, json=given if method == "POST" else None)
        assert reply.status_code == 200, reply.text
        return reply.json()["value"]


@contextmanager
def firefox(folder: Path) -> Iterator[Driver]:
    """Run Firefox with a profile of its own."""
    assert FIREFOX is not None
    port = _free_port()
    (folder / "user.js").write_text(_PREFERENCES.format(port=port))
    options = ("--headless", "--marionette", "--no-remote", "--profile", str(folder))
    with _running(FIREFOX, *options), _connected(port) as connection:
        yield Firefox(connection)


@contextmanager
def webkit(_: Path) -> Iterator[Driver]:
    """Run WebKit's small browser, which keeps nothing, on a screen that nobody sees."""
    assert WEBKIT is not None
    port = _free_port()
    with ExitStack() as stack:
        screen = stack.enter_context(
            _running("Xvfb", "-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp")
        )
        assert screen.stdout is not None
        shown = {"DISPLAY": f":{screen.stdout.readline().strip()}"}
        stack.enter_context(_running(WEBKIT, f"--port={port}", **shown))
        stack.enter_context(_connected(port))
        address = f"http://127.0.0.1:{port}"
        client = stack.enter_context(httpx.Client(base_url=address, timeout=120, trust_env=False))
        driver = WebKit(client)
        yield driver
        driver.end()


@contextmanager
def _running(*command: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def _connected(port: int) -> Iterator[socket.socket]:
    """Connect to what is about to listen."""
    until = time.monotonic() + WITHIN_S
    connection = None
    while connection is None:
        assert time.monotonic() < until, "the browser did not start"
        with suppress(OSError):
            connection = socket.create_connection(("127.0.0.1", port))
        if connection is None:
            time.sleep(0.05)
    with connection:
        yield connection
