"""What a question needs laid out, made ready: its expressions checked and written as SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from obverse.errors import QuestionError
from obverse.tape.columns import Wanted
from obverse.tape.expression import Form
from obverse.tape.layout import MAX_MARKED, Key, Number, Selection
from obverse.tape.reel import Kind

Unit = Literal["person", "session", "account"]

MAX_LABELS = 10_000

EVERYTHING = Kind()
GROUPED = Kind("type", "group")
SESSION = Wanted("key", "session_id", "session_id")
ACCOUNT = Wanted("key", "account_id", "account_id")
TOUCHPOINT = Wanted("key", "touchpoint", "touchpoint")


@dataclass(frozen=True)
class Choice:
    """A selection made ready: the kinds of events, and the filter's column."""

    kinds: tuple[Kind, ...]
    where: Wanted | None


@dataclass(frozen=True)
class Coded:
    """A column whose values become codes of some tracks' events: `Key` made ready."""

    wanted: Wanted
    tracks: tuple[int, ...]
    n_labels: int
    named: bool = True
    sparse: bool = False


@dataclass(frozen=True)
class Plan:
    """What is to be laid out; also the key under which the layout is kept.

    Attributes:
        choices: one a track.
        unit: what a unit is.
        same: column whose values part units further.
        value: whether money is wanted.
        keys: columns whose values become codes.
        numbers: columns of numbers, each with its track.
        marks: whether the first track's events tell which other tracks have them.
    """

    choices: tuple[Choice, ...]
    unit: Unit
    same: Wanted | None
    value: bool
    keys: tuple[Coded, ...]
    numbers: tuple[tuple[Wanted, int], ...]
    marks: bool

    def columns(self, track: int) -> dict[str, Wanted]:
        """Columns that a track's events need."""
        wanted: dict[str, Wanted] = {}
        wanted |= {f"key{i}": key.wanted for i, key in enumerate(self.keys) if track in key.tracks}
        wanted |= {f"number{i}": number for i, (number, its) in enumerate(self.numbers) if track == its}
        if self.same:
            wanted["same"] = self.same
        if self.unit == "session":
            wanted["session"] = SESSION
        if self.unit == "account":
            wanted["account"] = ACCOUNT
        return wanted

    def needs(self) -> dict[Kind, list[Wanted]]:
        """Every kind with the columns it needs."""
        found: dict[Kind, dict[Wanted, None]] = {GROUPED: {ACCOUNT: None}} if self.unit == "account" else {}
        for track, choice in enumerate(self.choices):
            wanted = [*self.columns(track).values(), *([choice.where] if choice.where else [])]
            for kind in choice.kinds:
                found.setdefault(kind, {}).update(dict.fromkeys(wanted))
        return {kind: list(wanted) for kind, wanted in found.items()}


def planned(
    selections: Sequence[Selection],
    unit: Unit,
    same: str | None,
    value: bool,
    keys: Sequence[Key],
    numbers: Sequence[Number],
    marks: bool,
    wanted: Callable[[Form, str, bool], Wanted],
) -> Plan:
    """Check what is asked for and make it ready; `Tape.lay` says what the arguments mean.

    Args:
        selections: one a track.
        unit: what a unit is.
        same: expression whose value parts units further.
        value: whether the tracks get money.
        keys: fields whose values become codes.
        numbers: fields whose values are wanted as numbers.
        marks: whether the first track gets marks.
        wanted: reads an expression; says no when it names a field that no event has, unless it is optional.

    Raises:
        QuestionError: an expression is wrong or names an unknown field, or a number is out of range.
    """
    if not selections:
        raise QuestionError("0 selections; name at least one")
    if marks and len(selections) > MAX_MARKED + 1:
        raise QuestionError(f"{len(selections)} selections; at most {MAX_MARKED + 1} with marks")
    for track in {*(number.track for number in numbers), *(one for key in keys for one in key.tracks)}:
        if not 0 <= track < len(selections):
            raise QuestionError(f"track {track} is asked for, but there are {len(selections)} selections")
    for key in keys:
        if not 1 <= key.n_labels <= MAX_LABELS:
            raise QuestionError(f"n_labels is {key.n_labels}; it must be 1 to {MAX_LABELS}")
    return Plan(
        tuple(_choice(selection, wanted) for selection in selections),
        unit,
        None if same is None else wanted("key", same, False),
        value,
        tuple(
            Coded(wanted("key", key.field, key.optional), key.tracks, key.n_labels, key.named, key.sparse)
            for key in keys
        ),
        tuple((wanted("number", number.field, number.optional), number.track) for number in numbers),
        marks,
    )


def _choice(selection: Selection, wanted: Callable[[Form, str, bool], Wanted]) -> Choice:
    names = sorted(set(selection.events))
    kinds = tuple(Kind("event", name) for name in names) or (EVERYTHING,)
    return Choice(kinds, None if selection.where is None else wanted("mask", selection.where, False))
