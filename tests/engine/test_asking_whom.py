"""Whose events are whose, on every engine: identity, sessions, accounts, segments, labels, names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import obverse
from obverse.engine.lake import AnyLake
from obverse.errors import QuestionError
from obverse.measure.funnel import Funnel
from tests.conftest import Engine
from tests.engine.lakes import fill, row, spread

Rows = Sequence[dict[str, Any]]


def claim(user: str, device: str, minute: float) -> dict[str, Any]:
    return row(user, "Identified", minute, type="identify", anonymous_id=device)


def seen(device: str, event: str, minute: float, **fields: Any) -> dict[str, Any]:
    return row(None, event, minute, anonymous_id=device, **fields)


def counts(lake: AnyLake, text: str, **fields: Any) -> list[int]:
    return [step.people for step in lake.ask(Funnel.parse(text, **fields)).steps]


def groups(lake: AnyLake, text: str, **fields: Any) -> dict[str, int]:
    return {one.name: one.steps[0].people for one in lake.ask(Funnel.parse(text, **fields)).groups}


def opened(engine: Engine, tmp_path: Path, rows: Rows) -> AnyLake:
    return engine.open(fill(tmp_path / "data", spread(rows)))


def test_an_anonymous_event_belongs_to_the_next_claim_else_the_last_else_to_its_id(
    engine: Engine, tmp_path: Path
) -> None:
    rows = [
        seen("kiosk", "View", 5),  # Ben's: his claim is the last
        row("ben", "Buy", 6),
        claim("ben", "kiosk", 4),
        seen("kiosk", "View", 3),  # Ben's: the next claim is his
        seen("kiosk", "View", 1),  # Ann's
        row("ann", "Buy", 2),
        claim("ann", "kiosk", 2),
        seen("phone", "View", 1),  # nobody's but the phone's
        seen("phone", "Buy", 2),
        claim("cy", "laptop", 1),  # Cy never views
        seen("tablet", "View", 1),
    ]
    with opened(engine, tmp_path, rows) as lake:
        assert counts(lake, "View > Buy") == [4, 3]
        found = lake.people(Funnel.parse("View > Buy"), {"step": "2"})
        assert found.n == 3
        assert {(one.user_id, one.anonymous_ids) for one in found.people} == {
            ("ann", ("kiosk",)),
            ("ben", ("kiosk",)),
            (None, ("phone",)),
        }


def test_of_two_claims_at_one_instant_the_same_one_holds(engine: Engine, tmp_path: Path) -> None:
    rows = [claim("ann", "d", 5), claim("ben", "d", 5), seen("d", "View", 1), row("ann", "Buy", 9)]
    rows += [row("ben", "Buy", 9)]
    with opened(engine, tmp_path, rows) as lake:
        assert counts(lake, "View > Buy") == [1, 1]
        assert [one.user_id for one in lake.people(Funnel.parse("View")).people] == ["ann"]


def test_sessions_are_the_clients_or_have_no_gap_at_one_touchpoint(engine: Engine, tmp_path: Path) -> None:
    rows = [
        row("ann", "View", 0, session_id="s1"),
        row("ann", "Buy", 200, session_id="s1"),
        row("ben", "View", 0),
        row("ben", "Scroll", 25),  # carries the session on, though nobody asks for it
        row("ben", "Buy", 50),
        row("cy", "View", 0),
        row("cy", "Buy", 31),
        row("dee", "View", 0, touchpoint="web"),
        row("dee", "Buy", 1, touchpoint="app"),
        claim("eve", "d", 9),
        seen("d", "View", 0),
        row("eve", "Buy", 20),
    ]
    with opened(engine, tmp_path, rows) as lake:
        assert counts(lake, "View > Buy", count="session") == [5, 3]


def test_an_account_is_the_events_own_or_that_of_the_last_group_call(engine: Engine, tmp_path: Path) -> None:
    def group(user: str, account: str, minute: float) -> dict[str, Any]:
        return row(user, "Grouped", minute, type="group", account_id=account)

    rows = [
        row("ann", "View", 0),  # her first group call's: acme's
        group("ann", "acme", 1),
        group("ann", "bolt", 5),
        row("ann", "Buy", 6),  # bolt's
        row("ben", "View", 4, account_id="bolt"),
        row("cy", "View", 0),  # nobody's
        seen("d", "View", 3),
        claim("dee", "d", 7),
        group("dee", "core", 8),
        row("dee", "Buy", 9),
    ]
    with opened(engine, tmp_path, rows) as lake:
        assert counts(lake, "View > Buy", count="account") == [3, 2]
        assert groups(lake, "View > Buy", count="account", by="user_id") == {
            "(no value)": 1,
            "ann": 1,
            "ben": 1,
        }


def test_labels_are_the_most_frequent_values_and_no_value_is_one(engine: Engine, tmp_path: Path) -> None:
    def view(user: str, plan: object) -> dict[str, Any]:
        return row(user, "View", 0, properties={} if plan is None else {"plan": plan})

    rows = [view("a", "gold"), view("b", "gold"), view("c", 7), view("d", 7.0), view("e", None)]
    rows += [view("f", None), view("g", "tin"), view("h", True), row("i", "Buy", 0, properties={"plan": "x"})]
    with opened(engine, tmp_path, rows) as lake:
        by = {"by": "properties.plan", "n_groups": 2}
        assert len(groups(lake, "View", **by)) == 3
        whole = groups(lake, "View", by="properties.plan")
        assert whole == {"gold": 2, "(no value)": 2, "7": 1, "7.0": 1, "tin": 1, "true": 1}
        numbers = groups(lake, "View", by="properties.plan + 0")
        assert numbers == {"7": 2, "(no value)": 6}


def test_equally_frequent_values_beyond_the_last_label_are_the_same_on_all_engines(
    engine: Engine, tmp_path: Path
) -> None:
    rows = [row(f"u{i}", "View", i, properties={"page": f"/{i % 9}"}) for i in range(18)]
    with opened(engine, tmp_path, rows) as lake, obverse.open(tmp_path / "data") as local:
        asked = {"by": "properties.page", "n_groups": 4}
        assert groups(lake, "View", **asked) == groups(local, "View", **asked)


SHOP = [
    *(row("ann", "View", 0), row("ann", "Buy", 1), row("ann", "Return", 2)),
    *(row("ben", "View", 0), row("ben", "Buy", 1)),
    *(row("cy", "View", 0), seen("device", "View", 0)),
]
BUYERS = Funnel.parse("View > Buy")


def test_questions_are_of_a_segment_and_split_by_one(engine: Engine, tmp_path: Path) -> None:
    with opened(engine, tmp_path, SHOP) as lake, obverse.open(tmp_path / "data") as local:
        local.save_segment("Buyers", BUYERS, {"step": "2"})
        local.save_segment("Returners", Funnel.parse("Return", segment="Buyers"))
        assert counts(lake, "View > Buy", segment="Buyers") == [2, 2]
        assert counts(lake, "View > Buy", segment="Returners", count="session") == [1, 1]
        split = {"by": "segment: Returners", "segment": "Buyers"}
        assert groups(lake, "View > Buy", **split) == {"in Returners": 1, "not in Returners": 1}
        assert lake.people(Funnel.parse("View", segment="Buyers")).n == 2
        with pytest.raises(QuestionError, match="did you mean 'Buyers'"):
            counts(lake, "View", segment="Buyer")


def test_a_snapshot_is_the_people_of_then_as_who_they_are_now(engine: Engine, tmp_path: Path) -> None:
    with opened(engine, tmp_path, [*SHOP, claim("eve", "device", 9)]) as lake:
        root = fill(tmp_path / "before", spread(SHOP))
        with obverse.open(root) as before, obverse.open(tmp_path / "data") as local:
            before.save_segment("Lookers", BUYERS, {"outcome": "dropped"}, snapshot=True)
            kept = before.segments.get("Lookers")
            local.segments.save("Lookers", kept.question, kept.pick, kept.people)
        found = lake.people(Funnel.parse("View", segment="Lookers")).people
        assert sorted(str(person.user_id) for person in found) == ["cy", "eve"]


def test_a_segment_of_a_part_that_is_not_there_is_refused(engine: Engine, tmp_path: Path) -> None:
    with opened(engine, tmp_path, SHOP) as lake, obverse.open(tmp_path / "data") as local:
        local.segments.save("Nobody", BUYERS.to_json(), {"step": "9"})
        with pytest.raises(QuestionError, match="step: 9"):
            counts(lake, "View", segment="Nobody")
        local.segments.save("Firms", Funnel.parse("View", count="account").to_json(), {})
        with pytest.raises(QuestionError, match="account"):
            counts(lake, "View", segment="Firms")
