"""Splits of whole questions: each group's answer is that to the same question of a segment of its people."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

import obverse
from obverse.errors import QuestionError
from obverse.measure import read_question
from obverse.measure.act import Act
from obverse.measure.attribution import Attribution
from obverse.measure.behaved import Behaved
from obverse.measure.drivers import Drivers
from obverse.measure.estimate import Reason, compare, differ
from obverse.measure.linger import Linger
from obverse.measure.paths import Paths
from obverse.measure.picture import Bars
from obverse.measure.scope import NO_VALUE, OTHER, SplitScope
from obverse.measure.split_answer import EVERYONE, SplitAnswer
from tests.conftest import Engine
from tests.engine.lakes import fill, row, spread
from tests.measure.picks import picked

START, END = "2026-03-01T14:00", "2026-03-01T20:00"
BY, N_GROUPS = "context.device.type", 3
DEVICES = ["phone"] * 5 + ["desktop"] * 4 + [None] * 3 + ["tablet", "tv"]
ANY = (
    *("Page Viewed", "Element Clicked", "Form Started", "Field Filled", "Form Submitted"),
    *("Page Lingered", "Order Completed"),
)
ON_PAGE = ANY[:5]


@dataclass(frozen=True)
class Case:
    """A question, and the events of which the first in the period says what group somebody is in."""

    asked: SplitScope
    first: tuple[str, ...]

    @property
    def name(self) -> str:
        of = self.first[0].split()[0].lower() if len(self.first) == 1 else str(len(self.first))
        return f"{self.asked.__struct_config__.tag}_{of}"


PERIOD: dict[str, Any] = {"start": START, "end": END}
CASES = [
    Case(Paths(after="Page Viewed", goal="Order Completed", **PERIOD), ("Page Viewed",)),
    Case(Paths(before="Order Completed", **PERIOD), ("Order Completed",)),
    Case(Paths(place="context.page.path", trail="person", **PERIOD), ANY),
    Case(Linger(within="30m", **PERIOD), ("Page Viewed",)),
    Case(Act(within="30m", **PERIOD), ON_PAGE),
    Case(Attribution(touches="Page Viewed", lookback="1h", **PERIOD), ANY[:1] + ANY[6:]),
    Case(Behaved(rules=("did Page Viewed at least 3 times",), seen="Element Clicked", **PERIOD), ANY[1:2]),
    Case(
        Drivers(first="Page Viewed", early="1h", within="3h", not_yet=False, min_people=3, **PERIOD),
        ("Page Viewed",),
    ),
]


@dataclass(frozen=True)
class Deed:
    """What somebody does, how many minutes after noon, and on what."""

    user: str
    event: str
    minute: int
    device: str | None
    fields: dict[str, Any]

    def row(self, **properties: str) -> dict[str, Any]:
        """It as a row of the lake."""
        page = {"path": f"/{self.fields['form'][0]}"}
        context = {"page": page} if self.device is None else {"page": page, "device": {"type": self.device}}
        return row(
            self.user,
            self.event,
            self.minute,
            context=msgspec.json.encode(context).decode(),
            properties=self.fields | properties,
            touchpoint=self.fields["field"],
            value=float(self.fields["visible_ms"]),
            currency="EUR",
        )


def shop(people: int = 60) -> list[Deed]:
    """What people do in half a day, before, in and after the period; several things at one time."""
    luck = random.Random(5)
    deeds = [
        Deed(
            user=f"u{number}",
            event=luck.choice((*ANY, "Page Viewed")),
            minute=luck.randrange(0, 720, 5),
            device=luck.choice(DEVICES),
            fields={
                "element": luck.choice(["Buy", "Menu"]),
                "form": luck.choice(["address", "billing", "contact"]),
                "field": luck.choice(["email", "name", "town"]),
                "visible_ms": luck.randrange(60_000),
            },
        )
        for number in range(people)
        for _ in range(luck.randrange(1, 25))
    ]
    luck.shuffle(deeds)
    return deeds


def plain_groups(deeds: Sequence[Deed], case: Case) -> dict[str, str]:
    """Put each person in a group, by the book."""
    named = [one for one in deeds if one.event in case.first]
    shown = [name for name, _ in Counter(one.device for one in named).most_common(N_GROUPS)]
    found: dict[str, str] = {}
    for one in sorted(named, key=lambda one: one.minute):  # stable: as they arrived
        if 120 <= one.minute < 480:
            name = (NO_VALUE if one.device is None else one.device) if one.device in shown else OTHER
            found.setdefault(one.user, name)
    return found


@pytest.fixture(scope="module")
def shop_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of the shop."""
    return tmp_path_factory.mktemp("split") / "data"


@pytest.fixture(scope="module")
def lake(shop_folder: Path) -> Iterator[Any]:
    """The shop, with a segment for each case and group."""
    deeds = shop()
    groups = {case.name: plain_groups(deeds, case) for case in CASES}
    rows = [one.row(**{name: some.get(one.user, "") for name, some in groups.items()}) for one in deeds]
    with obverse.open(fill(shop_folder, spread(rows))) as opened:
        for name, some in groups.items():
            for group in set(some.values()):
                inside = f"any properties.{name} = '{group}'"
                outside = f"any properties.{name} not in ('{group}', '')"
                opened.save_segment(f"{name} {group}", Behaved(rules=(inside,)))
                opened.save_segment(f"{name} not {group}", Behaved(rules=(outside,)))
        yield opened


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_group_is_answered_as_a_segment_of_its_people_is(lake: Any, case: Case) -> None:
    want = Counter(plain_groups(shop(), case).values())
    asked = msgspec.structs.replace(case.asked, by=BY, n_groups=N_GROUPS)
    answer: SplitAnswer = lake.ask(asked)
    assert {group.name: group.people for group in answer.groups} == want
    assert len(want) == N_GROUPS + 1
    assert [group.people for group in answer.groups] == sorted(want.values(), reverse=True)
    plain = msgspec.structs.replace(asked, by=None)
    assert msgspec.structs.replace(answer, question=plain, groups=()) == lake.ask(plain)
    for group in answer.groups:
        alone = msgspec.structs.replace(plain, segment=f"{case.name} {group.name}")
        assert msgspec.structs.replace(lake.ask(alone), question=plain) == group.answer
        assert lake.people(asked, {"group": group.name}).n == lake.people(alone).n
        for picture in group.answer.pictures():
            for pick, _ in picked(picture)[:3]:
                if pick is not None:
                    behind = lake.people(asked, {**pick, "group": group.name})
                    assert behind == lake.people(alone, pick), pick


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_groups_figures_stand_beside_those_of_all_other_groups(
    lake: Any, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("obverse.measure.estimate.MIN_COMPARED", 2)
    asked = msgspec.structs.replace(case.asked, by=BY, n_groups=N_GROUPS)
    answer: SplitAnswer = lake.ask(asked)
    group = answer.groups[0]
    plain = msgspec.structs.replace(case.asked, segment=f"{case.name} not {group.name}")
    rest = {(one.what, one.name): one for one in lake.ask(plain).figures()}
    own = group.answer.figures()
    assert [(one.what, one.name, one.value) for one in group.figures] == [
        (one.what, one.name, one.value) for one in own
    ]
    assert own
    for one in group.figures:
        other = rest.get((one.what, one.name))
        if other is None:
            assert one.rest.reason == one.versus_rest.reason == Reason.NO_REST
            continue
        check_alike(msgspec.to_builtins(one.rest), msgspec.to_builtins(other.value))
        versus = differ(one.value, one.people, other.value, other.people)
        check_alike(one.versus_rest.difference, versus.difference)
        assert one.versus_rest.reason == versus.reason
        if one.of == "money":
            assert one.versus_rest.p_value is None
        else:
            assert (one.versus_rest.p_value or 0) >= (versus.p_value or 0) - 1e-9
        if one.pick:
            assert lake.people(asked, {**one.pick, "group": group.name}).n <= group.people
    table = answer.groups_table()
    assert table.num_rows == sum(len(one.figures) for one in answer.groups)
    drawn = [
        bar
        for side in ("people", "value")
        for shown in answer.pictures(side)
        if isinstance(shown, Bars) and shown.title.endswith("less all others")
        for bar in shown.rows
    ]
    known = {(one.name, figure.name): figure.versus_rest for one in answer.groups for figure in one.figures}
    assert drawn
    assert {(bar.name, bar.group) for bar in drawn} <= set(known)


def test_rankings_within_a_ranking_are_shown_for_each_group(lake: Any) -> None:
    case = next(case for case in CASES if isinstance(case.asked, Attribution))
    answer = lake.ask(msgspec.structs.replace(case.asked, by=BY, n_groups=N_GROUPS))
    shown = {picture.title: picture for picture in answer.pictures()}
    for group in answer.groups:
        own = shown[f"{group.name}: Conversions by all models"]
        alone = next(one for one in group.answer.pictures() if one.title == "Conversions by all models")
        assert [(bar.group, bar.name, bar.value) for bar in own.rows] == [
            (bar.group, bar.name, bar.value) for bar in alone.rows
        ]
        assert all(bar.pick["group"] == group.name for bar in own.rows)


def test_the_sentence_says_of_whom_it_speaks_and_which_group_stands_out(tmp_path: Path) -> None:
    counts = {"phone": (80, 60), "desktop": (70, 20), "tv": (60, 18)}
    rows = [
        row(f"{device}{n}", event, minute, context=f'{{"device": {{"type": "{device}"}}}}')
        for device, (people, buyers) in counts.items()
        for n in range(people)
        for minute, event in enumerate(["Page Viewed", "Order Completed"][: 1 + (n < buyers)])
    ]
    asked = Behaved(rules=("did Order Completed",), by=BY)
    with obverse.open(fill(tmp_path / "data", spread(rows))) as opened:
        answer: Any = opened.ask(asked)
        alone = opened.ask(msgspec.structs.replace(asked, by=None)).sentence()
        few = opened.ask(msgspec.structs.replace(asked, where="context.device.type = 'tv'")).sentence()
    assert alone.startswith("46.7")
    assert answer.sentence() == (
        f"Everyone: {alone} By {BY}, phone stands out most: Members, 75.0\u202f% against 29.2\u202f%."
    )
    assert few.startswith("Everyone: 30.0")
    assert "By" not in few
    own, theirs = compare(60, 80, 38, 130), answer.groups[0].figures[0].versus_rest
    assert (theirs.difference, theirs.low, theirs.high) == pytest.approx((own.difference, own.low, own.high))
    assert theirs.p_value < 0.001
    assert answer.groups[1].figures[0].versus_rest.low < 0


def test_groups_stand_beside_everyone_in_the_table_and_in_each_picture(lake: Any) -> None:
    asked = msgspec.structs.replace(CASES[0].asked, by=BY, n_groups=N_GROUPS)
    answer = lake.ask(asked)
    names = [group.name for group in answer.groups]
    table = answer.table()
    assert table.column_names[0] == "group"
    assert list(dict.fromkeys(table["group"].to_pylist())) == [EVERYONE, *names]
    assert table.num_rows == sum(
        one.table().num_rows for one in [lake.ask(CASES[0].asked), *(group.answer for group in answer.groups)]
    )
    pictures = [one for one in answer.pictures() if not one.title.endswith("less all others")]
    flow, *flows, beside, ranking, goals, goal = pictures
    assert [one.title for one in flows] == [f"{name}: {flow.title}" for name in names]
    assert (beside.title, goals.title) == (f"{ranking.title}, by {BY}", f"{goal.title}, by {BY}")
    assert isinstance(goals, Bars)
    assert goals.reference == goal.reference
    for bar in goals.rows:
        (group,) = (one for one in answer.groups if one.name == bar.name)
        (same,) = (one for one in group.answer.pictures()[-1].rows if one.name == bar.group)
        assert (bar.value, bar.low, bar.high, bar.note) == (same.value, same.low, same.high, same.note)
        assert bar.pick == {**same.pick, "group": bar.name}


def test_a_split_by_a_segment_and_what_there_is_not(lake: Any) -> None:
    case = CASES[0]
    asked = msgspec.structs.replace(case.asked, by=f"segment: {case.name} phone")
    answer = lake.ask(asked)
    people = Counter(name == "phone" for name in plain_groups(shop(), case).values())
    assert {group.name: group.people for group in answer.groups} == {
        f"in {case.name} phone": people[True],
        f"not in {case.name} phone": people[False],
    }
    assert read_question(asked.to_json()) == asked
    with pytest.raises(QuestionError, match="no split"):
        lake.people(case.asked, {"group": "phone"})
    with pytest.raises(QuestionError, match="unknown group 'fone'; did you mean 'phone'"):
        lake.people(msgspec.structs.replace(asked, by=BY), {"group": "fone"})
    nobody = lake.ask(msgspec.structs.replace(asked, by=BY, start="2027-01-01", end="2027-01-02"))
    assert nobody.groups == ()
    assert nobody.table().column_names[0] == "group"
    assert nobody.pictures("value") is not None


def test_every_engine_splits_alike(engine: Engine, tmp_path: Path) -> None:
    case = CASES[0]
    asked = msgspec.structs.replace(case.asked, by=BY, n_groups=N_GROUPS)
    deeds = shop()
    with engine.open(fill(tmp_path / "data", spread([one.row() for one in deeds]))) as opened:
        answer: Any = opened.ask(asked)
        assert {one.name: one.people for one in answer.groups} == Counter(plain_groups(deeds, case).values())
        assert sum(one.answer.n_paths for one in answer.groups) == answer.n_paths
        group = answer.groups[0]
        place = group.answer.places[0]
        pick = {"group": group.name, "column": str(place.column), "place": place.name}
        assert opened.people(asked, pick).n == place.people


@pytest.mark.spark
@pytest.mark.proof
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_spark_splits_every_measure_alike(
    lake: Any, shop_folder: Path, case: Case, spark_session: Any
) -> None:
    asked = msgspec.structs.replace(case.asked, by=BY, n_groups=N_GROUPS)
    with obverse.open(shop_folder, engine="spark", session=spark_session) as opened:
        check_alike(msgspec.to_builtins(opened.ask(asked)), msgspec.to_builtins(lake.ask(asked)))


def check_alike(got: Any, want: Any) -> None:
    """Check two answers: sums of numbers in another order may differ in their last digits."""
    if isinstance(want, dict):
        assert got.keys() == want.keys()
        for name in want:
            check_alike(got[name], want[name])
    elif isinstance(want, list | tuple):
        assert len(got) == len(want)
        for one, other in zip(got, want, strict=True):
            check_alike(one, other)
    elif isinstance(want, float):
        assert got == pytest.approx(want, rel=1e-9, abs=1e-9)
    else:
        assert got == want


def test_slices_of_people_are_split_alike(lake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    case = next(case for case in CASES if isinstance(case.asked, Behaved))
    asked = msgspec.structs.replace(case.asked, by=BY, n_groups=N_GROUPS)
    whole = [(one.name, one.people, one.answer.rules) for one in lake.ask(asked).groups]
    monkeypatch.setattr("obverse.engine.local.SMALL", 0)
    monkeypatch.setattr("obverse.engine.local.SLICES_PER_THREAD", 30)  # slices that lack some of the groups
    assert [(one.name, one.people, one.answer.rules) for one in lake.ask(asked).groups] == whole
