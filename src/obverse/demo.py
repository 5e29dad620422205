"""The demo: a simulated shop that comes in the way real events do, and is then served.

`run` is what `obverse demo` does. The shop's clients are a process of their own (`python -m obverse.demo`),
so that they take nothing from the server but what clients take.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import msgspec

from obverse import demo_surveys
from obverse.errors import DataError, ObverseError
from obverse.folder import Folder

if TYPE_CHECKING:
    from obverse.settings.store import Settings
    from obverse.simulate import Body
    from obverse.web.site import Site

CONNECTIONS = 3
TRIES = 5
"""How often a request is tried on connections that break, before the server counts as gone."""
PATIENCE_S = 120.0
"""How long the server may have no room, or show nothing new, before that counts as a failure."""
_LOOK_S = 0.25
_RESUME_WITHIN = timedelta(days=20)
"""Message ids are remembered for 30 days: an interrupted load must not be taken up later than that."""


class DemoError(ObverseError):
    """The demo cannot be loaded."""

    code = "demo"


class Mark(msgspec.Struct, frozen=True):
    """What stands in a demo's folder: which shop it holds, so that the same one can be made again.

    Attributes:
        seed: of the simulation.
        n_people: in it.
        end: of its period.
        done: everything is in.
    """

    seed: int
    n_people: int
    end: datetime
    done: bool = False

    def write(self, folder: Folder) -> None:
        """Put the mark into the folder, whole or not at all."""
        new = _mark_file(folder).with_suffix(".new")
        new.write_bytes(msgspec.json.encode(self))
        new.replace(_mark_file(folder))


def _mark_file(folder: Folder) -> Path:
    return folder.root / "demo.json"


def run(
    data: Path, host: str = "127.0.0.1", port: int = 8040, *, n_people: int = 30_000, seed: int = 1
) -> None:
    """Serve a demo's folder; fill it first with a simulated shop where that has not been done.

    A load that was interrupted is taken up again: the same messages come, and those that are there already
    are known by their ids.

    Args:
        data: the folder; made if need be.
        host: address to listen on.
        port: port to listen on; 0 takes any free one.
        n_people: size of the shop, where it has yet to be made.
        seed: of the shop, where it has yet to be made.

    Raises:
        DemoError: the folder holds something else than a demo, or the load failed.
        ObverseError: whatever keeps `obverse serve` from running.
    """
    from obverse.web.serve import serve

    folder = Folder.open(data, create=True)
    mark = _mark(folder, Mark(seed, n_people, datetime.now(UTC).replace(second=0, microsecond=0)))
    if mark.done:
        serve(folder, host, port)
    else:
        serve(folder, host, port, before_greeting=partial(_fill, folder, mark))


def _mark(folder: Folder, asked: Mark) -> Mark:
    """Read the folder's mark, or mark a new folder for the shop that was asked for."""
    file = _mark_file(folder)
    if not file.exists():
        if folder.settings.exists() or folder.events.exists():
            raise DemoError(f"{folder.root} holds other data than a demo; name another folder with --data")
        asked.write(folder)
        return asked
    try:
        mark = msgspec.json.decode(file.read_bytes(), type=Mark)
    except (OSError, msgspec.MsgspecError) as error:
        raise DataError(f"{file} cannot be read ({error}); nothing was written") from error
    if (mark.seed, mark.n_people) != (asked.seed, asked.n_people):
        _say(f"{folder.root} holds the shop with seed {mark.seed} and {mark.n_people} people; serving that.")
    if not mark.done and asked.end - mark.end > _RESUME_WITHIN:
        raise DemoError(
            f"loading {folder.root} was interrupted on {mark.end:%Y-%m-%d}, too long ago to go on from; "
            "delete the folder and start again"
        )
    return mark


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


class Task(msgspec.Struct, frozen=True):
    """What the process of the clients is told, on its standard input."""

    root: str
    address: str
    write_key: str
    survey_key: str
    mark: Mark


def _fill(folder: Folder, mark: Mark, site: Site, settings: Settings) -> None:
    """Have the shop's clients send everything to the running server."""
    demo_surveys.ask(settings.surveys)
    address = replace(site, public_url=None).address
    task = Task(str(folder.root), address, _key(settings, "shop"), _key(settings, "surveys"), mark)
    clients = subprocess.run(
        [sys.executable, "-m", "obverse.demo"], input=msgspec.json.encode(task), check=False
    )
    if clients.returncode:
        raise DemoError("the demo is not loaded; start it again and it goes on where it stopped")
    msgspec.structs.replace(mark, done=True).write(folder)


def _key(settings: Settings, name: str) -> str:
    known = [key.key for key in settings.write_keys() if key.name == name and key.revoked_at is None]
    return known[0] if known else settings.create_key(name)


class Sendable(Protocol):
    """What can be sent to a server.

    Attributes:
        n_events: how many events can be asked about once it is in.
    """

    @property
    def n_events(self) -> int: ...  # noqa: D102  # see above

    def bodies(self) -> Iterator[Body]:
        """Give the bodies, in the order of arrival."""


@dataclass(frozen=True)
class _More:
    """What comes beside a shop's own events, once what comes before it is in."""

    made: list[Body]
    n_events: int

    def bodies(self) -> Iterator[Body]:
        return iter(self.made)


def _count(bodies: list[Body]) -> int:
    return sum(body.n_events for body in bodies)


def load(
    address: str,
    write_key: str,
    simulation: Sendable,
    progress: Callable[[int, int], None],
    visible: Callable[[], int],
) -> None:
    """Send a simulation to a running server as its clients would, and wait until all of it is visible.

    Nothing is lost or doubled by trying again: messages have ids.

    Args:
        address: of the server, such as ``http://127.0.0.1:8040``.
        write_key: a write key of it.
        simulation: what to send.
        progress: called several times a second with how many messages were acknowledged (those that come
            twice included) and how many events are visible.
        visible: tells how many events can be asked about.

    Raises:
        DemoError: the server refuses something, is gone, or shows nothing new for two minutes.
    """
    clients = _Clients(address, write_key, simulation.bodies())
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        sending = [pool.submit(clients.send_all) for _ in range(CONNECTIONS)]
        try:
            while wait(sending, _LOOK_S, FIRST_EXCEPTION).not_done:
                if any(one.done() and one.exception() for one in sending):
                    break
                progress(clients.n_sent, visible())
        finally:
            clients.stop.set()
        for one in sending:
            one.result()
    _wait_until_visible(simulation.n_events, visible, partial(progress, clients.n_sent))


def _wait_until_visible(n: int, visible: Callable[[], int], progress: Callable[[int], None]) -> None:
    """Wait until n events are visible."""
    before, changed = -1, time.monotonic()
    while (now := visible()) < n:
        progress(now)
        if now != before:
            before, changed = now, time.monotonic()
        elif time.monotonic() - changed > PATIENCE_S:
            raise DemoError(
                f"everything was acknowledged, but only {now} of {n} events are visible after two minutes; "
                "the server's log says why"
            )
        time.sleep(_LOOK_S)
    progress(now)


class _Clients:
    """The shop's clients: each takes the next body and sends it until it is acknowledged."""

    def __init__(self, address: str, write_key: str, bodies: Iterator[Body]) -> None:
        self.n_sent = 0
        self.stop = threading.Event()
        self._address = address
        self._bodies = bodies
        self._taking = threading.Lock()
        self._headers = {
            "Authorization": "Basic " + b64encode(f"{write_key}:".encode()).decode(),
            "Content-Type": "application/json",
        }

    def send_all(self) -> None:
        """Send bodies over one connection until there are none left, or something fails."""
        connection = self._connection()
        try:
            while not self.stop.is_set():
                with self._taking:
                    body = next(self._bodies, None)
                if body is None:
                    return
                self._send(connection, body)
                with self._taking:
                    self.n_sent += body.n_events
        except BaseException:
            self.stop.set()
            raise
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self._address)
        return http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=60)

    def _send(self, connection: http.client.HTTPConnection, body: Body) -> None:
        """Send one body, waiting for room as long as the server asks to."""
        give_up = time.monotonic() + PATIENCE_S
        while not self.stop.is_set():
            status, wait_s, answer = self._try(connection, body)
            if status == 200 and not answer.get("refused"):
                return
            if status not in (429, 503):
                raise DemoError(f"the server refuses the shop's events: {_wrong(status, answer)}")
            if time.monotonic() > give_up:
                raise DemoError(f"the server has had no room for two minutes: {_wrong(status, answer)}")
            self.stop.wait(wait_s)

    def _try(
        self, connection: http.client.HTTPConnection, body: Body
    ) -> tuple[int, float, dict[str, object]]:
        """Post a body once, on a new connection where the old one broke: status, seconds to wait, answer."""
        for number in range(TRIES):
            try:
                data = bytes(body.at(time.time_ns() // 1000))
                connection.request("POST", "/v1/batch", data, self._headers)
                response = connection.getresponse()
                text = response.read()
                wait_s = float(response.getheader("Retry-After") or 1)
                return response.status, min(max(wait_s, 0.05), 30.0), _decoded(text)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                failure = error
                self.stop.wait(0.1 * 2**number)
        raise DemoError(f"the server at {self._address} has stopped answering ({failure!r})")


def _decoded(text: bytes) -> dict[str, object]:
    try:
        answer = json.loads(text)
    except ValueError:
        return {"message": text[:200].decode(errors="replace")}
    return answer if isinstance(answer, dict) else {}


def _wrong(status: int, answer: dict[str, object]) -> str:
    refused = answer.get("refused")
    first = refused[0] if isinstance(refused, list) and refused else answer
    detail = first.get("detail") or first.get("message") if isinstance(first, dict) else first
    return f"{status} {detail or ''}".strip()


def _as_clients(task: Task) -> None:
    """Make the shop and send it, with a progress bar."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from obverse.lake.table import EventTable
    from obverse.simulate import shop

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True)) as bars:
        sent = bars.add_task(f"Simulating a shop of {task.mark.n_people} people", total=None)
        simulation = shop(task.mark.seed, task.mark.n_people, end=task.mark.end)
        acts, asked = simulation.act_bodies(), simulation.survey_bodies()
        n_shop = simulation.n_events
        n_site = n_shop + _count(acts)
        n_all = n_site + _count(asked)
        bars.update(sent, description="Events acknowledged", total=n_all)
        seen = bars.add_task("Events visible", total=n_all)
        table = EventTable.open(Folder(Path(task.root)).events)

        def visible() -> int:
            return table.refresh().n_events

        def progress(before: int, n_sent: int, n_visible: int) -> None:
            bars.update(sent, completed=min(before + n_sent, n_all))
            bars.update(seen, completed=min(n_visible, n_all))

        load(task.address, task.write_key, simulation, partial(progress, 0), visible)
        load(task.address, task.write_key, _More(acts, n_site), partial(progress, n_shop), visible)
        load(task.address, task.survey_key, _More(asked, n_all), partial(progress, n_site), visible)


def main() -> int:
    """Be the shop's clients: read a `Task` from standard input, carry it out, and give the exit status."""
    try:
        _as_clients(msgspec.json.decode(sys.stdin.buffer.read(), type=Task))
    except ObverseError as error:
        _say(f"obverse: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
