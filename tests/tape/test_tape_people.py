"""Names, fields and people: what there is to ask about, and who is behind a number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from obverse.errors import NotFoundError, QuestionError
from obverse.event import SCHEMA
from obverse.lake.table import EventTable
from obverse.tape import directory
from obverse.tape.catalogue import Field
from obverse.tape.expression import COLUMNS
from obverse.tape.layout import Key, Number, Selection
from obverse.tape.tape import Tape
from tests.tape.tape_oracle import BASE, MINUTE, Sent, append, key, lake

EVENTS = [
    Sent("Product Viewed", 1, None, "kiosk", properties={"price": 5, "page": {"path": "/a"}, "sale": True}),
    Sent("Identified", 2, "ann", "kiosk", "identify", properties={"email": "Ann@example.org"}),
    Sent("Product Viewed", 3, None, "kiosk", properties={"price": 7.5}),
    Sent("Identified", 4, "bob", "kiosk", "identify", properties={"email": "bob@example.org"}),
    Sent("Product Viewed", 5, None, "kiosk", properties={"price": "free"}),
    Sent("Order Completed", 6, "ann", "phone", value=9.0, properties={"total price": 9}),
    Sent("Product Viewed", 7, None, "stranger"),
]
ANN, BOB, STRANGER = key("ann", None), key("bob", None), key(None, "stranger")


@pytest.fixture
def table(tmp_path: Path) -> EventTable:
    return lake(tmp_path / "events", EVENTS)


@pytest.fixture
def tape(table: EventTable) -> Tape:
    return Tape(table, None)


def times(tape: Tape, person: int, **asked: int) -> list[int]:
    found = tape.timeline(person, **asked)["time"].cast("int64").to_pylist()
    return [(time - BASE) // MINUTE for time in found]


def test_names_are_listed_by_count(tape: Tape, table: EventTable) -> None:
    assert tape.names() == [("Product Viewed", 4), ("Identified", 2), ("Order Completed", 1)]
    append(table, [Sent("Zoo Visited", 9, "ann")] * 5)
    assert tape.names()[0] == ("Zoo Visited", 5)


def test_fields_are_listed_with_type_and_examples(tape: Tape) -> None:
    fields = {field.name: field for field in tape.fields()}
    assert fields["properties.price"] == Field(
        "properties.price", "mixed", fields["properties.price"].examples
    )
    assert set(fields["properties.price"].examples) == {"5", "7.5", "free"}
    assert fields["properties.page.path"] == Field("properties.page.path", "text", ("/a",))
    assert fields["properties.sale"] == Field("properties.sale", "boolean", ("true",))
    assert fields['properties."total price"'].type == "number"
    assert fields["value"].type == "number"


def test_the_fields_of_one_event_are_those_that_it_has(tape: Tape, table: EventTable) -> None:
    named = {
        event: {one.name for one in tape.fields(event)} for event in ("Product Viewed", "Identified", "None")
    }
    assert "properties.price" in named["Product Viewed"]
    assert "properties.price" not in named["Identified"]
    assert named["None"] == {*COLUMNS}
    append(table, [Sent("Zoo Visited", 9, "ann", properties={"animal": "gnu"})])
    assert "properties.animal" in {one.name for one in tape.fields("Zoo Visited")}, "also of a new one"


def test_a_shared_device_shows_each_person_their_own_stretch(tape: Tape) -> None:
    assert times(tape, ANN) == [6, 2, 1]
    assert times(tape, BOB) == [5, 4, 3]
    assert times(tape, STRANGER) == [7]


def test_a_timeline_has_all_columns_and_pages_by_time(tape: Tape, table: EventTable) -> None:
    assert tape.timeline(ANN).schema == SCHEMA
    assert times(tape, ANN, limit=2) == [6, 2]
    assert times(tape, ANN, limit=2, before=BASE + 2 * MINUTE) == [1]
    append(table, [Sent("Search", 6, "ann")] * 3)
    assert times(tape, ANN, limit=2) == [6, 6, 6, 6], "one instant is never cut"
    assert times(tape, ANN, before=BASE) == []


def test_nobody_has_no_timeline(tape: Tape) -> None:
    with pytest.raises(NotFoundError, match="no person 5"):
        tape.timeline(5)


def test_people_are_named_with_their_ids(tape: Tape) -> None:
    layout = tape.lay([Selection(("Product Viewed",))])
    (track,) = layout.tracks
    numbers = np.flatnonzero(np.diff(track.offsets)).astype(np.int32)
    people = {person.key: person for person in tape.people(numbers)}
    assert set(people) == {ANN, BOB, STRANGER}
    assert (people[ANN].user_id, people[ANN].anonymous_ids) == ("ann", ("kiosk", "phone"))
    assert (people[BOB].user_id, people[BOB].anonymous_ids) == ("bob", ("kiosk",))
    assert (people[STRANGER].user_id, people[STRANGER].anonymous_ids) == (None, ("stranger",))
    assert tape.person(ANN) == people[ANN]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ann", [ANN]),
        ("AN", [ANN]),
        ("bob@exa", [BOB]),
        ("stranger", [STRANGER]),
        ("stran", [STRANGER]),
        ("kiosk", sorted([ANN, BOB])),
        ("phone", [ANN]),
        ("nobody", []),
        ("  ", []),
        ("%", []),
    ],
)
def test_people_are_found_by_id_beginning_and_email(tape: Tape, text: str, found: list[int]) -> None:
    assert sorted(person.key for person in tape.find(text)) == found


def test_an_exact_id_comes_first_and_the_limit_holds(tape: Tape, table: EventTable) -> None:
    append(table, [Sent("Search", 9, f"an{letter}") for letter in "abcdefgh"] + [Sent("Search", 9, "an")])
    found = tape.find("an", limit=3)
    assert found[0].user_id == "an"
    assert len(found) == 3


def test_an_anonymous_id_is_whose_it_is_from_now_on(tape: Tape, table: EventTable) -> None:
    assert tape.person_of(anonymous_id="kiosk") == BOB
    assert tape.person_of(user_id="ann") == ANN
    assert tape.person_of(anonymous_id="unheard of") == key(None, "unheard of")
    append(table, [Sent("Identified", 9, "ann", "kiosk", "identify")])
    assert tape.person_of(anonymous_id="kiosk") == ANN


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("propertys.price > 5", "did you mean 'properties.price'"),
        ("properties.prise > 5", "did you mean 'properties.price'"),
        ("prise > 5", "did you mean 'price'"),
        ("tuchpoint = 'web'", "did you mean 'touchpoint'"),
        ("properties.page.pat = '/'", "did you mean 'properties.page.path'"),
    ],
)
def test_an_unknown_field_names_the_nearest(tape: Tape, where: str, why: str) -> None:
    with pytest.raises(QuestionError, match=why):
        tape.lay([Selection(("Product Viewed",), where)])


def test_a_field_beyond_the_sample_is_looked_for_before_it_is_refused(tape: Tape, table: EventTable) -> None:
    tape.fields()
    with pytest.raises(QuestionError, match="unknown field"):
        tape.lay([Selection(("Search",), "rare = 1")])
    append(table, [Sent("Search", 9, "ann", properties={"rare": 1})])
    assert len(tape.lay([Selection(("Search",), "rare = 1")]).tracks[0].time) == 1


def test_a_name_in_properties_and_context_has_to_be_written_in_full(tmp_path: Path) -> None:
    import pyarrow as pa

    table = lake(tmp_path / "two", [Sent("Search", 1, "ann", properties={"device": "phone"})])
    rows = table.read([name for name in SCHEMA.names if name not in ("seq", "day", "stream")])
    at = rows.column_names.index("context")
    table.append(rows.set_column(at, "context", pa.array(['{"device": "tablet"}'])), "other", 1)
    tape = Tape(table, None)
    with pytest.raises(QuestionError, match=r"both properties\.device and context\.device"):
        tape.lay([Selection(("Search",), "device = 'phone'")])
    layout = tape.lay([Selection(("Search",), "context.device = 'tablet'")])
    assert len(layout.tracks[0].time) == 1


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"selections": []}, "0 selections"),
        ({"keys": [Key("price", (1,))]}, "track 1 is asked for"),
        ({"numbers": [Number("price", 2)]}, "track 2 is asked for"),
        ({"keys": [Key("price", n_labels=0)]}, "n_labels is 0"),
        ({"keys": [Key("price", n_labels=10**6)]}, "must be 1 to 10000"),
        ({"keys": [Key("time")]}, "too many values"),
        ({"same": "nothing"}, "unknown field"),
    ],
)
def test_a_wrong_question_is_refused(tape: Tape, asked: dict[str, object], why: str) -> None:
    selections = asked.pop("selections", [Selection(("Product Viewed",))])
    with pytest.raises(QuestionError, match=why):
        tape.lay(selections, **asked)  # type: ignore[arg-type]


def test_the_largest_groups_have_a_code_and_the_rest_shares_one(tmp_path: Path) -> None:
    sizes = {"A": 4, "B": 1, "C": 2, "D": 1, None: 3}
    events = [
        Sent("Search", at, "ann", properties={} if name is None else {"plan": name})
        for name, size in sizes.items()
        for at in range(size)
    ]
    tape = Tape(lake(tmp_path / "groups", events), None)
    layout = tape.lay([Selection(("Search",))], keys=[Key("plan", n_labels=3)])
    assert layout.labels == (("A", None, "C"),)
    code = layout.tracks[0].codes[0]
    assert code is not None
    assert np.bincount(code).tolist() == [4, 3, 2, 2]
    whole = tape.lay([Selection(("Search",))], keys=[Key("plan", n_labels=5)])
    assert whole.labels == (("A", None, "C", "B", "D"),)


def test_codes_without_names_tell_any_number_of_values_apart(tmp_path: Path) -> None:
    plans = ["A", None, "B", "A", "C", None, "B"]
    events = [
        Sent("Search", at, "ann", properties={} if plan is None else {"plan": plan})
        for at, plan in enumerate(plans)
    ]
    tape = Tape(lake(tmp_path / "apart", events), None)
    layout = tape.lay([Selection(("Search",))], keys=[Key("plan", n_labels=1, named=False)])
    assert layout.labels == ((),)
    code = layout.tracks[0].codes[0]
    assert code is not None
    assert [int(code[plans.index(plan)]) for plan in plans] == code.tolist()
    assert sorted(set(code.tolist())) == [-1, *sorted(set(code.tolist()) - {-1})]
    assert len(set(code.tolist())) == 4
    assert code[1] == -1


def test_a_field_that_no_event_has_may_be_asked_for(tape: Tape) -> None:
    asked = [Selection(("Product Viewed",))]
    layout = tape.lay(
        asked,
        keys=[Key("context.nothing", optional=True), Key("context.nothing", named=False, optional=True)],
        numbers=[Number("properties.nothing", optional=True)],
    )
    assert layout.labels == ((None,), ())
    track = layout.tracks[0]
    assert track.codes[1] is not None
    assert track.numbers[0] is not None
    assert len(track.time)
    assert set(track.codes[1].tolist()) == {-1}
    assert np.isnan(track.numbers[0]).all()
    with pytest.raises(QuestionError, match=r"unknown field 'context.nothing'"):
        tape.lay(asked, keys=[Key("context.nothing")])


def test_an_empty_lake_has_nothing_and_answers(tmp_path: Path) -> None:
    tape = Tape(lake(tmp_path / "empty"), tmp_path / "tape")
    layout = tape.lay([Selection(("Search",)), Selection()])
    assert (layout.n_units, layout.last_seq, layout.newest) == (0, 0, 0)
    assert [track.offsets.tolist() for track in layout.tracks] == [[0], [0]]
    assert tape.names() == []
    assert next(iter(tape.fields())).name == "event"
    assert tape.find("ann") == []
    assert tape.lay([Selection()], unit="session", value=True).n_units == 0
    assert tape.lay([Selection()], unit="account", value=True).n_units == 0
    tape.close()


def test_a_large_lake_keeps_a_directory_of_ids_that_changes_no_answer(
    table: EventTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "MANY_EVENTS", 5)
    tape, plain = Tape(table, tmp_path / "tape"), Tape(table, None)

    def check() -> None:
        for text in ("ann", "an", "bob@", "kiosk", "stran", "zoe", "zoe@"):
            assert tape.find(text) == plain.find(text)
        assert tape.person(ANN) == plain.person(ANN)

    check()
    maker = tape._people._directory.maker
    assert maker is not None
    maker.join(timeout=60)
    (first,) = (tmp_path / "tape").glob("ids*")
    check()
    append(table, [Sent("Identified", 9, "zoe", "kiosk", "identify", properties={"email": "zoe@x.org"})])
    check()
    assert [person.user_id for person in tape.find("zoe@")] == ["zoe"]
    first.write_bytes(b"torn")
    check()
    tape._people._directory.make()
    table._delta.delete("user_id = 'bob'")  # by another tool
    check()
    assert tape.find("bob@") == []
    assert not [path for path in (tmp_path / "tape").glob("ids*") if b"bob" in path.read_bytes()]
    tape.close()
