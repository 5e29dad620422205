"""Codes and numbers of events: any number of them, on any tracks, alike on all."""

from __future__ import annotations

from functools import reduce
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obverse.errors import QuestionError
from obverse.tape import few
from obverse.tape.arrange import frozen
from obverse.tape.few import Few
from obverse.tape.layout import Key, Number, Selection
from obverse.tape.tape import Tape
from tests.tape.tape_oracle import Sent, append, lake

EVENTS = [
    Sent("View", 1, "ann", properties={"price": 5, "plan": "a"}),
    Sent("View", 2, "ann", properties={"price": "7.5", "plan": "b"}),
    Sent("View", 1, "ben", properties={"price": "dear", "plan": "a"}),
    Sent("Buy", 3, "ann", properties={"plan": "b"}),
    Sent("Buy", 3, "ben", properties={"price": 1e300, "plan": "c"}),
]
BOTH = [Selection(("View",)), Selection(("Buy",))]


def test_a_number_is_the_fields_value_or_nan(tmp_path: Path) -> None:
    layout = Tape(lake(tmp_path / "events", EVENTS), None).lay(
        BOTH, numbers=[Number("price"), Number("price * 2", 1)]
    )
    view, buy = layout.tracks
    np.testing.assert_array_equal(view.numbers[0], [5, 7.5, np.nan])
    np.testing.assert_array_equal(buy.numbers[1], [np.nan, 2e300])
    assert view.numbers[1] is None
    assert buy.numbers[0] is None


def test_the_same_value_has_the_same_code_on_all_tracks_of_a_key(tmp_path: Path) -> None:
    layout = Tape(lake(tmp_path / "events", EVENTS), None).lay(
        BOTH, keys=[Key("plan", (0, 1)), Key("event", (0, 1)), Key("event", (1,), 1)]
    )
    assert layout.labels == (("a", "b", "c"), ("View", "Buy"), ("Buy",))
    view, buy = layout.tracks
    assert [code is None for code in view.codes] == [False, False, True]
    assert view.codes[0] is not None
    assert buy.codes[0] is not None
    assert buy.codes[2] is not None
    assert view.codes[0].tolist() == [0, 1, 0]
    assert buy.codes[0].tolist() == [1, 2]
    assert buy.codes[2].tolist() == [0, 0]


def test_values_without_a_label_share_the_number_after_the_last(tmp_path: Path) -> None:
    layout = Tape(lake(tmp_path / "events", EVENTS), None).lay(BOTH, keys=[Key("plan", (0, 1), 2)])
    assert layout.labels == (("a", "b"),)
    buy = layout.tracks[1]
    assert buy.codes[0] is not None
    assert buy.codes[0].tolist() == [1, 2]


def test_a_key_of_all_events_has_their_merged_codes(tmp_path: Path) -> None:
    layout = Tape(lake(tmp_path / "events", EVENTS), None).lay(
        [Selection(), Selection(("View",), "plan != 'a'")], keys=[Key("event", (0, 1))]
    )
    everything, some = layout.tracks
    assert layout.labels == (("View", "Buy"),)
    assert everything.codes[0] is not None
    assert everything.codes[0].tolist() == [0, 0, 1, 0, 1]
    assert some.codes[0] is not None
    assert some.codes[0].tolist() == [0]


def test_a_mark_tells_which_other_tracks_have_an_event(tmp_path: Path) -> None:
    selections = [
        Selection(("View", "Buy"), "plan != 'c'"),
        Selection(("View",)),
        Selection((), "plan = 'b'"),
    ]
    table = lake(tmp_path / "events", EVENTS)
    tape = Tape(table, None)
    everything, *others = tape.lay(selections, marks=True).tracks
    assert everything.marks is not None
    assert everything.marks.tolist() == [0b01, 0b11, 0b10, 0b01]
    assert [track.marks for track in others] == [None, None]
    assert tape.lay(selections).tracks[0].marks is None
    append(table, [Sent("Buy", 0, "ben", properties={"plan": "b"}), Sent("View", 4, "ben")])
    renewed = tape.lay(selections, marks=True).tracks[0].marks
    assert renewed is not None
    assert renewed.tolist() == [0b01, 0b11, 0b10, 0b10, 0b01]


def test_marks_have_room_for_eight_tracks(tmp_path: Path) -> None:
    tape = Tape(lake(tmp_path / "events", EVENTS), None)
    marks = tape.lay([Selection(("View",))] * 9, marks=True).tracks[0].marks
    assert marks is not None
    assert marks.tolist() == [0xFF] * 3
    with pytest.raises(QuestionError, match="10 selections; at most 9 with marks"):
        tape.lay([Selection(("View",))] * 10, marks=True)


def test_codes_and_numbers_follow_new_events(tmp_path: Path) -> None:
    table = lake(tmp_path / "events", EVENTS)
    tape = Tape(table, None)
    asked = {"keys": [Key("plan", (0,))], "numbers": [Number("price")]}
    tape.lay(BOTH, **asked)  # type: ignore[arg-type]
    append(table, [Sent("View", 0, "ben", properties={"price": 2, "plan": "z"})])
    layout = tape.lay(BOTH, **asked)  # type: ignore[arg-type]
    assert layout.labels == (("a", "b", "z"),)
    view = layout.tracks[0]
    np.testing.assert_array_equal(view.numbers[0], [5, 7.5, 2, np.nan])
    assert view.codes[0] is not None
    assert view.codes[0].tolist() == [0, 1, 2, 0]


def test_parts_of_people_carry_their_codes_and_numbers(tmp_path: Path) -> None:
    layout = Tape(lake(tmp_path / "events", EVENTS), None).lay(
        BOTH, same="plan", keys=[Key("plan", (0, 1))], numbers=[Number("price")]
    )
    assert layout.person is not None
    view = layout.tracks[0]
    assert view.codes[0] is not None
    found = {
        (layout.labels[0][view.codes[0][i]], None if np.isnan(price) else price)
        for i, price in enumerate(view.numbers[0].tolist() if view.numbers[0] is not None else [])
    }
    assert found == {("a", 5), ("b", 7.5), ("a", None)}


@given(st.lists(st.lists(st.integers(-1, 6), max_size=9), min_size=1, max_size=4))
def test_columns_of_few_keys_grow_into_what_plain_ones_are(parts: list[list[int]]) -> None:
    plain = [np.array(part, np.int64) for part in parts]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(few, "MANY_KEYS", 4)
        patch.setattr(few, "_BLOCK", 3)
        at_once = few.joined([Few.of(frozen(part)) for part in plain])
        in_steps = reduce(
            lambda whole, more: few.joined([whole, Few.of(frozen(more))]), plain[1:], Few.of(plain[0])
        )
    expected = np.concatenate(plain)
    for whole in (at_once, in_steps):
        np.testing.assert_array_equal(whole.spelt() if isinstance(whole, Few) else whole, expected)
        assert isinstance(whole, Few) == (len(np.unique(expected)) < 4)


def test_keys_of_few_values_take_a_byte_or_two_an_event() -> None:
    column = frozen(np.arange(10_000) % 255)
    narrow = Few.of(column)
    assert isinstance(narrow, Few)
    assert narrow.nbytes == 10_000 + 255 * 8
    wider = few.joined([narrow, Few.of(frozen(np.arange(300)))])
    assert isinstance(wider, Few)
    assert wider.which.dtype == np.uint16
    np.testing.assert_array_equal(wider.spelt(), np.concatenate([column, np.arange(300)]))
    assert few.joined([wider, Few.of(frozen(np.arange(few.MANY_KEYS)))]).dtype == np.int64  # type: ignore[union-attr]
    assert narrow[5_000:5_003].spelt().tolist() == column[5_000:5_003].tolist()


def test_codes_that_no_event_needs_may_be_left_out(tmp_path: Path) -> None:
    keys = [Key(field, (0,), named=False, sparse=True, optional=True) for field in ("plan", "context.none")]
    (view,) = Tape(lake(tmp_path / "events", EVENTS), None).lay(BOTH[:1], keys=keys).tracks
    assert view.codes[0] is not None
    assert len(set(view.codes[0].tolist())) == 2
    assert view.codes[1] is None
