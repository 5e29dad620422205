"""Who uses a segment: it cannot be deleted under them, and a new name reaches them all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import obverse
from obverse.engine import naming
from obverse.engine.naming import Uses, delete, names_in, rename, reworded, uses
from obverse.errors import InUseError, NotFoundError, QuestionError
from obverse.measure.funnel import Funnel
from obverse.measure.question import Question
from obverse.measure.trend import Trend
from obverse.settings.dashboards import PanelSpec
from obverse.settings.store import Settings
from tests.engine.lakes import fill, row, table_of

ROWS = [row("ann", "View", 0), row("ann", "Buy", 1), row("ben", "View", 0)]
FUNNEL = Funnel.parse("View > Buy")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fill(tmp_path / "data", [table_of(ROWS)])


@pytest.fixture
def lake(folder: Path) -> Iterator[obverse.Lake]:
    with obverse.open(folder) as opened:
        yield opened


@pytest.fixture
def settings(folder: Path) -> Iterator[Settings]:
    with Settings.open(folder / "settings.db") as opened:
        yield opened


def panel(question: Question) -> PanelSpec:
    return PanelSpec("Panel", msgspec.Raw(question.to_json()))


@pytest.mark.parametrize(
    ("question", "names"),
    [
        (FUNNEL, set()),
        (Funnel.parse("View > Buy", segment="A"), {"A"}),
        (Funnel.parse("View > Buy", by="segment:  B "), {"B"}),
        (Trend(series=("events: View",), by="segment: B", segment="A"), {"A", "B"}),
        (Funnel.parse("segment: C > Buy"), set()),  # an event of that name
    ],
    ids=["none", "filter", "split", "both", "event"],
)
def test_a_question_names_the_segments_that_it_is_held_to_or_split_by(
    question: Question, names: set[str]
) -> None:
    assert names_in(question.to_json()) == names


def test_a_question_that_nobody_can_read_any_more_names_none_and_stays() -> None:
    assert names_in(b'{"type":"gone","segment":"A"}') == set()
    assert reworded(b'{"type":"gone","segment":"A"}', "A", "B") == b'{"type":"gone","segment":"A"}'


def test_segments_and_dashboards_that_use_a_segment_are_found(lake: obverse.Lake, settings: Settings) -> None:
    lake.save_segment("Buyers", FUNNEL, {"step": "2"})
    lake.save_segment("Lookers", Funnel.parse("View", segment="Buyers"))
    lake.save_segment("Lookers of then", Funnel.parse("View", segment="Buyers"), snapshot=True)
    board = settings.dashboards.create("Mornings")
    settings.dashboards.put(board.id, [panel(FUNNEL), panel(Funnel.parse("View", by="segment: Lookers"))])
    found = uses(settings)
    assert found["Buyers"] == Uses(segments=("Lookers",))
    assert [one.name for one in found["Lookers"].dashboards] == ["Mornings"]
    assert found.keys() == {"Buyers", "Lookers"}


def test_a_new_name_reaches_all_who_use_it_and_no_answer_changes(
    lake: obverse.Lake, settings: Settings
) -> None:
    lake.save_segment("Buyers", FUNNEL, {"step": "2"})
    lake.save_segment("Lookers", Funnel.parse("View", segment="Buyers"))
    board = settings.dashboards.create("Mornings")
    settings.dashboards.put(board.id, [panel(Funnel.parse("View", by="segment: Buyers")), panel(FUNNEL)])
    asks = Funnel.parse("View > Buy", segment="Lookers")
    before = [step.people for step in lake.ask(asks).steps]
    rename(settings, "Buyers", "Customers")
    assert settings.segments.names() == ["Customers", "Lookers"]
    assert [step.people for step in lake.ask(asks).steps] == before == [1, 1]
    changed, kept = settings.dashboards.get(board.id).panels
    assert msgspec.json.decode(changed.question)["by"] == "segment: Customers"
    assert bytes(kept.question) == FUNNEL.to_json()


def test_a_new_name_that_is_taken_or_wrong_changes_nothing(lake: obverse.Lake, settings: Settings) -> None:
    lake.save_segment("Buyers", FUNNEL, {"step": "2"})
    lake.save_segment("Lookers", Funnel.parse("View", segment="Buyers"))
    with pytest.raises(QuestionError, match="'Lookers' exists already"):
        rename(settings, "Buyers", "Lookers")
    with pytest.raises(QuestionError, match="must have 1 to 100 characters"):
        rename(settings, "Buyers", " ")
    with pytest.raises(NotFoundError, match="did you mean 'Buyers'"):
        rename(settings, "Buyer", "Customers")
    assert uses(settings)["Buyers"].segments == ("Lookers",)


def test_a_segment_goes_only_when_nobody_uses_it(lake: obverse.Lake, settings: Settings) -> None:
    lake.save_segment("Buyers", FUNNEL, {"step": "2"})
    lake.save_segment("Lookers", Funnel.parse("View", segment="Buyers"))
    board = settings.dashboards.create("Mornings")
    settings.dashboards.add(board.id, panel(Funnel.parse("View", segment="Buyers")))
    with pytest.raises(InUseError, match="the segment 'Lookers', the dashboard 'Mornings'"):
        delete(settings, "Buyers")
    delete(settings, "Lookers")
    settings.dashboards.delete(board.id)
    delete(settings, "Buyers")
    assert settings.segments.names() == []
    with pytest.raises(NotFoundError):
        naming.delete(settings, "Buyers")


def test_the_people_of_a_segment_are_listed_a_page_at_a_time(lake: obverse.Lake) -> None:
    lake.save_segment("Buyers", FUNNEL, {"step": "2"})
    lake.save_segment("Viewers of then", Funnel.parse("View"), snapshot=True)
    assert [one.user_id for one in lake.people_in("Buyers").people] == ["ann"]
    page = lake.people_in("Viewers of then", limit=1, offset=1)
    assert (page.n, len(page.people)) == (2, 1)
    assert {one.user_id for one in lake.people_in("Viewers of then").people} == {"ann", "ben"}
    with pytest.raises(QuestionError, match="did you mean 'Buyers'"):
        lake.people_in("Buyer")
