"""What several tests need: a data folder, a real server in a process of its own, a real browser."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import hypothesis
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

import obverse
from obverse.engine.lake import AnyLake
from obverse.folder import Folder
from obverse.settings.store import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
START_LIMIT_S = 150
# A busy machine is slow, not wrong.
expect.set_options(timeout=20_000)
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")
STOP_LIMIT_S = 60


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Let one worker alone start a Spark cluster."""
    from tests.scheduling import OneCluster

    return OneCluster(config, log)


class Server:
    """`obverse serve` on a data folder, in a process of its own.

    Attributes:
        data: the data folder.
        write_key: a write key of it, named ``default``.
        address: where it is, such as ``http://127.0.0.1:41234``; known once it is started.
        greeting: what it printed on its start.
        process: the process.
    """

    def __init__(self, data: Path, *arguments: str) -> None:
        self.data = data
        self.arguments = arguments
        self.address = ""
        self.greeting = ""
        self.process: subprocess.Popen[str] | None = None
        with self.settings() as settings:
            known = [key.key for key in settings.write_keys() if key.name == "default"]
            self.write_key = known[0] if known else settings.create_key()

    @property
    def port(self) -> int:
        """Its port."""
        return int(self.address.rpartition(":")[2])

    @property
    def log(self) -> str:
        """What it has written to standard error."""
        return self.data.with_suffix(".log").read_text()

    def settings(self) -> Settings:
        """Open the folder's settings, as the command line does beside a running server."""
        return Settings.open(Folder.open(self.data, create=True).settings)

    def start(self, port: int = 0) -> Server:
        """Start it and wait until it has greeted."""
        command = [sys.executable, "-m", "obverse.cli", "serve", "--data", str(self.data)]
        command += ["--port", str(port), *self.arguments]
        with self.data.with_suffix(".log").open("a") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout is not None
        watchdog = threading.Timer(START_LIMIT_S, self.process.kill)
        watchdog.start()
        self.greeting = self.process.stdout.readline() + self.process.stdout.readline()
        watchdog.cancel()
        assert "Obverse is at " in self.greeting, self.log[-3000:]
        self.address = self.greeting.splitlines()[0].rpartition(" ")[2]
        return self

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Stop it, wait for its end, and give its exit status."""
        assert self.process is not None
        self.process.send_signal(how)
        try:
            self.process.communicate(timeout=STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        return self.process.returncode

    def close(self) -> None:
        """Stop it if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.stop()

    def link(self) -> str:
        """Make a link that logs in once."""
        with self.settings() as settings:
            return f"{self.address}/login?token={settings.access.create_link()}"

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """Give a client of pages and API that is logged in."""
        with self.anyone() as client:
            assert client.get(self.link()).status_code == 303
            yield client

    def anyone(self) -> httpx.Client:
        """Give a client that is not logged in; close it after use, or use it by `with`."""
        return httpx.Client(base_url=self.address, timeout=120, trust_env=False)


@dataclass(frozen=True)
class Engine:
    """Where questions run: ``local`` or ``spark``; `open` opens a data folder there."""

    name: str
    open: Callable[[Path], AnyLake]


@pytest.fixture(scope="session")
def spark_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A Spark cluster of this machine with two executors; one for all tests of a worker."""
    from tests.engine.clusters import cluster

    with cluster(tmp_path_factory.mktemp("spark")) as session:
        yield session


@pytest.fixture(scope="session", params=["local", pytest.param("spark", marks=pytest.mark.spark)])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    return _engine(request)


@pytest.fixture(
    scope="session", params=["local", pytest.param("spark", marks=(pytest.mark.spark, pytest.mark.proof))]
)
def either_engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn, Spark only among the long proofs: for many cases of the same code."""
    return _engine(request)


def _engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "local":
        return Engine("local", obverse.open)
    session = request.getfixturevalue("spark_session")
    return Engine("spark", partial(obverse.open, engine="spark", session=session))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A fresh data folder."""
    return Folder.open(tmp_path / "data", create=True)


@pytest.fixture(scope="session")
def server_class() -> type[Server]:
    """What servers are made with, for fixtures that need one of their own making."""
    return Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server, shared by the tests of a module: each must be content with what others sent."""
    made = Server(tmp_path_factory.mktemp("server") / "data")
    yield made.start()
    made.close()


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Makes servers for this test alone, not started: ``new_server("name of folder", "--host", "::1")``."""
    made: list[Server] = []

    def make(name: str = "data", *arguments: str) -> Server:
        made.append(Server(tmp_path / name, *arguments))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    """A client of the shared server that is logged in."""
    with server.client() as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium, shared by the tests of a module.

    While it runs, its driver's event loop runs in the main thread: tests of the same module cannot have one.
    """
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_FLAGS))
        yield made
        made.close()


@pytest.fixture
def fresh_page(browser: Browser) -> Iterator[Page]:
    """A page of a browser that has never been anywhere; errors in its scripts and broken policies fail."""
    problems: list[str] = []
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if "Content Security" in said.text else None)
    yield page
    context.close()
    assert problems == []


@pytest.fixture
def browser_page(fresh_page: Page, server: Server) -> Page:
    """A page that is logged in to the shared server, at its home."""
    fresh_page.goto(server.link())
    fresh_page.goto(server.address)
    return fresh_page
