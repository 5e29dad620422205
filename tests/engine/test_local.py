"""What is the local engine's alone: its SQL, its threads, the folder it opens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import obverse
from obverse.errors import DataError, QuestionError
from obverse.measure.funnel import Funnel
from tests.engine.lakes import fill, row, spread, table_of
from tests.engine.test_asking import ADD, BUY, TEXT, VIEW, shop


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[obverse.Lake]:
    with obverse.open(fill(tmp_path_factory.mktemp("shop") / "data", spread(shop()))) as opened:
        yield opened


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no data folder"):
        obverse.open(tmp_path / "nowhere")


def test_sql_sees_all_columns_of_the_events(lake: obverse.Lake) -> None:
    found = lake.sql(f"SELECT user_id, value FROM events WHERE event = '{BUY}' ORDER BY user_id")
    assert found.to_pylist() == [{"user_id": "ann", "value": 45.0}, {"user_id": "ben", "value": 90.0}]
    assert lake.sql("SELECT count(DISTINCT day) AS n FROM events").to_pylist() == [{"n": 2}]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM read_csv('{other}')",
        "SELECT * FROM '{other}'",
        "SELECT * FROM read_text('{other}')",
        "SELECT * FROM glob('{folder}/*')",
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "ATTACH '{folder}/x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET allowed_paths = ['{other}']",
        "SELECT getenv('HOME')",
        "EXPORT DATABASE '{folder}/dump'",
    ],
)
def test_sql_reads_and_writes_nothing_but_the_lake(lake: obverse.Lake, tmp_path: Path, text: str) -> None:
    other = tmp_path / "secret.csv"
    other.write_text("a\n1\n")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(QuestionError):
        lake.sql(text.format(other=other, folder=tmp_path))
    assert sorted(tmp_path.iterdir()) == before


def test_sql_cannot_write_over_the_lakes_own_files(lake: obverse.Lake) -> None:
    for file in lake.table.refresh().files:
        before = Path(file.path).read_bytes()
        with pytest.raises(QuestionError):
            lake.sql(f"COPY (SELECT 1 AS one) TO '{file.path}' (FORMAT parquet)")
        assert Path(file.path).read_bytes() == before


def test_answers_do_not_depend_on_the_number_of_threads(tmp_path: Path) -> None:
    rows = [
        row(f"u{user}", name, minute)
        for user in range(25_000)
        for minute, name in enumerate((VIEW, ADD, BUY)[: 1 + user % 3])
    ]
    rows += [row("u24999", VIEW, 10) for _ in range(60_000)]  # most events are those of the last person
    root = fill(tmp_path / "data", [table_of(rows)])
    found = []
    for threads in (1, 3):
        with obverse.open(root, threads=threads) as lake:
            found.append(lake.ask(Funnel.parse(TEXT, by="touchpoint")).to_json())
    assert found[0] == found[1]
    assert b'"people":25000' in found[0]


def test_sessions_of_one_person_stay_together_on_several_threads(tmp_path: Path) -> None:
    rows = [row(f"u{user}", VIEW, visit * 100 + 1) for user in range(11_000) for visit in range(2)]
    with obverse.open(fill(tmp_path / "data", [table_of(rows)]), threads=3) as lake:
        question = Funnel.parse(VIEW, count="session")
        assert lake.ask(question).steps[0].people == 22_000
        assert lake.people(question).n == 11_000
