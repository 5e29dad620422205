"""`obverse demo` fills a folder once, goes on where it was stopped, and touches only what is a demo."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from obverse import demo
from obverse.demo import DemoError, Mark
from obverse.errors import DataError
from obverse.folder import Folder
from obverse.lake.table import EventTable
from obverse.settings.store import Settings
from obverse.simulate import Body, shop
from obverse.simulate.surveys.messages import SURVEY_IDS

LIMIT_S = 100

Demo = subprocess.Popen[str]
Start = Callable[..., Demo]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `obverse demo` on a folder of this test, and sees to its end."""
    started: list[Demo] = []

    def make(n_people: int) -> Demo:
        command = [
            sys.executable,
            "-m",
            "obverse.cli",
            "demo",
            "--data",
            str(tmp_path / "demo"),
            "--port",
            "0",
        ]
        process = subprocess.Popen(
            [*command, "--people", str(n_people)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield make
    for process in started:
        process.kill()
        process.communicate()


def greeting(process: Demo) -> str:
    """Wait for the line that says where the server is."""
    assert process.stdout is not None
    watchdog = threading.Timer(LIMIT_S, process.kill)
    watchdog.start()
    line = process.stdout.readline() + process.stdout.readline()
    watchdog.cancel()
    return line


def stop(process: Demo) -> str:
    """Stop it kindly, and give what it wrote to standard error."""
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, said
    return said


def events_of(root: Path) -> list[str]:
    found: list[str] = (
        EventTable.open(Folder.open(root).events).read(["message_id"])["message_id"].to_pylist()
    )
    return found


def ids_in(bodies: list[Body]) -> list[str]:
    return [message["messageId"] for body in bodies for message in msgspec.json.decode(body)["batch"]]


def mark_of(root: Path) -> Mark:
    return demo._mark(Folder.open(root), Mark(1, 1, datetime.now(UTC)))


def test_a_demo_killed_while_it_loads_goes_on_doubles_nothing_and_is_then_only_served(
    start: Start, tmp_path: Path
) -> None:
    folder = Folder(tmp_path / "demo")
    killed, until = start(900), time.monotonic() + LIMIT_S
    while not (folder.events.exists() and _some_visible(folder)):
        assert killed.poll() is None
        assert time.monotonic() < until
    killed.kill()
    killed.communicate()
    mark = mark_of(folder.root)
    assert not mark.done

    again = start(900)
    assert "Obverse is at http://127.0.0.1:" in greeting(again)
    assert "Events visible" in stop(again)
    assert mark_of(folder.root) == msgspec.structs.replace(mark, done=True)
    made = shop(mark.seed, 900, end=mark.end)
    truth = made.truth.events["message_id"].to_pylist() + ids_in(made.act_bodies() + made.survey_bodies())
    with Settings.open(folder.settings) as settings:
        assert {one.id: one.state for one in settings.surveys.all()} == dict.fromkeys(SURVEY_IDS, "live")
    assert sorted(events_of(folder.root)) == sorted(truth)

    served = start(900)
    assert "/login?token=" in greeting(served)
    assert "Events visible" not in stop(served)
    assert len(events_of(folder.root)) == len(truth)


def _some_visible(folder: Folder) -> bool:
    try:
        return EventTable.open(folder.events).snapshot.n_events > 0
    except DataError:  # its first commit is on its way
        return False


def test_a_folder_with_other_data_is_not_touched(folder: Folder) -> None:
    folder.settings.write_bytes(b"")
    with pytest.raises(DemoError, match="holds other data than a demo"):
        demo.run(folder.root)
    assert [file.name for file in folder.root.iterdir() if file != folder.mark] == ["settings.db"]


def test_a_damaged_mark_is_an_error_and_stays(folder: Folder) -> None:
    (folder.root / "demo.json").write_text("{")
    with pytest.raises(DataError, match=r"demo\.json cannot be read"):
        demo.run(folder.root)
    assert (folder.root / "demo.json").read_text() == "{"


def test_a_load_interrupted_too_long_ago_is_not_taken_up(folder: Folder) -> None:
    Mark(1, 30_000, datetime(2026, 1, 2, tzinfo=UTC)).write(folder)
    with pytest.raises(DemoError, match=r"interrupted on 2026-01-02, too long ago"):
        demo.run(folder.root)


def test_another_shop_than_the_folder_holds_is_pointed_out(
    folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    held = Mark(7, 500, datetime.now(UTC))
    held.write(folder)
    assert demo._mark(folder, Mark(1, 30_000, datetime.now(UTC))) == held
    assert "holds the shop with seed 7 and 500 people" in capsys.readouterr().err
