"""From cells to answers: one value a row and question, and what did not fit.

The words of a file become what the question's kind takes (see `obverse.surveys.question`). A cell that is
none of it is no answer; it is counted and shown, the row's other answers are kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from obverse.errors import QuestionError
from obverse.surveys.importing.mapping import MISSING, QuestionMap
from obverse.surveys.importing.sheet import Column
from obverse.surveys.question import (
    Ces,
    Consent,
    Csat,
    LongText,
    Matrix,
    Multiple,
    Nps,
    Option,
    Question,
    Ranking,
    Rating,
    Seq,
    ShortText,
    Single,
    Sus,
    UmuxLite,
    Value,
)

N_EXAMPLES = 3
MAX_TEXT = 10_000
YES = frozenset({"1", "yes", "y", "true", "x", "checked", "selected", "on", "ja", "oui", "si", "sí"})
NO = frozenset({"0", "no", "n", "false", "unchecked", "not selected", "off", "nein", "non"})
"""Words for chosen and for not chosen, in lower case."""
_NUMBER = re.compile(r"[+-]?\d+([.,]0+)?")
_LEADING = re.compile(r"(\d{1,2})\s*(?:[-\u2013\u2014:=.(]\s*[^\d\s].*|stars?|points?)", re.DOTALL)
_RESERVED = ("other", "end")


@dataclass
class Misfits:
    """Cells that are no answer of their question's kind.

    Attributes:
        why: the rule.
        n: how many.
        values: the most frequent, and how often each.
    """

    why: str
    n: int = 0
    values: Counter[str] = field(default_factory=Counter)

    @property
    def examples(self) -> list[tuple[str, int]]:
        """Give some of them, cut."""
        return [(value[:80], n) for value, n in self.values.most_common(N_EXAMPLES)]


@dataclass(frozen=True)
class Answers:
    """A question, its answers and what did not fit.

    Attributes:
        question: as it is kept with the survey.
        values: one a row; None where there is none.
        misfits: what did not fit.
    """

    question: Question
    values: Sequence[Value | None]
    misfits: Misfits


def number_in(text: str) -> int | None:
    """Read a whole number: alone, or before words as in ``5 - Very satisfied``; None where there is none.

    >>> [number_in(text) for text in ("5", "5,0", "5 - Very satisfied", "4.5", "3-5 years", "x")]
    [5, 5, 5, None, None, None]
    """
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return int(re.split("[.,]", text)[0])
    led = _LEADING.fullmatch(text)
    return int(led[1]) if led else None


def mapped(column: Column, values: Mapping[str, str]) -> list[str | None]:
    """Give a column's cells after the value map; numbers are meant however they are written."""
    becomes: dict[str, str | None] = {}
    for cell in set(column.cells) - {None}:
        assert cell is not None  # noqa: S101  # for the types: None was taken out
        found = values.get(cell)
        if found is None and (plain := _plain(cell)) is not None:
            found = values.get(plain)
        becomes[cell] = None if found == MISSING else cell if found is None else found
    return [None if cell is None else becomes[cell] for cell in column.cells]


def _plain(text: str) -> str | None:
    return str(int(re.split("[.,]", text)[0])) if _NUMBER.fullmatch(text) else None


def answers_of(one: QuestionMap, columns: Sequence[Column], known: Question | None = None) -> Answers:
    """Read the answers to a question.

    Args:
        one: complete, as guessing gives it.
        columns: that its `columns` mean.
        known: the question as an earlier file made it: its options keep their ids.

    Raises:
        QuestionError: the columns cannot hold such a question.
    """
    cells = [mapped(column, one.values or {}) for column in columns]
    said: dict[str, Any] = {"id": one.id, "text": (one.text or columns[0].text)[:2000]}
    if one.type in _SCALES:
        return _scale(one, said, cells[0])
    if one.type in ("sus", "umux_lite"):
        return _items(one, said, cells)
    if one.type == "single":
        return _single(one, said, cells[0], known)
    if one.type == "multiple":
        return _multiple(one, said, columns, cells, known)
    if one.type == "ranking":
        return _ranking(one, said, columns, cells, known)
    if one.type == "matrix":
        return _matrix(one, said, columns, cells, known)
    if one.type == "consent":
        return _each(Consent(**said), cells[0], Misfits("neither yes nor no"), _yes_or_no)
    return _text(one, said, cells[0])


def _each(
    question: Question, cells: Sequence[str | None], misfits: Misfits, read: Callable[[str], Value | None]
) -> Answers:
    """Read each cell; None stands for what does not fit. Each text is read once."""
    counts = Counter(cell for cell in cells if cell is not None)
    values = {cell: read(cell) for cell in counts}
    for cell, value in values.items():
        if value is None:
            _note(misfits, cell, counts[cell])
    return Answers(question, [None if cell is None else values[cell] for cell in cells], misfits)


def _note(misfits: Misfits, cell: str, n: int = 1) -> None:
    misfits.n += n
    misfits.values[cell] += n


_SCALES: Mapping[str, tuple[Callable[..., Question], int]] = {
    "nps": (Nps, 10),
    "csat": (Csat, 5),
    "ces": (Ces, 7),
    "rating": (Rating, 5),
    "seq": (Seq, 7),
}


def _scale(one: QuestionMap, said: Mapping[str, Any], cells: Sequence[str | None]) -> Answers:
    kind, usual = _SCALES[str(one.type)]
    low, high = (0, 10) if one.type == "nps" else (1, 7 if one.type == "seq" else one.points or usual)
    more: dict[str, object] = {} if one.type in ("nps", "seq") else {"points": high}
    if one.type == "rating":
        more["style"] = "numbers"
    if one.reverse:
        more["help"] = "Turned round: answers are counted from the other end."

    def read(cell: str) -> int | None:
        found = number_in(cell)
        if found is None or not low <= found <= high:
            return None
        return low + high - found if one.reverse else found

    return _each(kind(**said, **more), cells, Misfits(f"not a whole number from {low} to {high}"), read)


def _items(one: QuestionMap, said: Mapping[str, Any], cells: Sequence[Sequence[str | None]]) -> Answers:
    n_items, high = (10, 5) if one.type == "sus" else (2, 7)
    if len(cells) != n_items:
        raise QuestionError(f"questions.{one.id}: {one.type} takes {n_items} columns; it has {len(cells)}")
    misfits = Misfits(f"not a whole number from 1 to {high}")
    values: list[Value | None] = []
    for row in zip(*cells, strict=True):
        items: list[int | None] = []
        for cell in row:
            found = None if cell is None else number_in(cell)
            if found is not None and not 1 <= found <= high:
                found = None
            if found is None and cell is not None:
                _note(misfits, cell)
            items.append(found)
        values.append(items if any(item is not None for item in items) else None)
    return Answers(Sus(**said) if one.type == "sus" else UmuxLite(**said), values, misfits)


def _single(
    one: QuestionMap, said: Mapping[str, Any], cells: Sequence[str | None], known: Question | None
) -> Answers:
    options = options_of(_in_order(cells), known.options if isinstance(known, Single) else ())
    _check_number(one, len(options), 50, "options")
    by_text = {option.text: option.id for option in options}
    question = Single(**said, options=options)
    return _each(question, cells, Misfits("no option"), lambda cell: by_text[cell[:2000]])


def _multiple(
    one: QuestionMap,
    said: Mapping[str, Any],
    columns: Sequence[Column],
    cells: Sequence[Sequence[str | None]],
    known: Question | None,
) -> Answers:
    before = known.options if isinstance(known, Multiple) else ()
    misfits = Misfits("neither chosen nor not chosen")
    if one.separator or one.mentions:
        parted = [[_parts(cell, one.separator) for cell in column] for column in cells]
        chosen = [[part for column in parted for part in column[at]] for at in range(len(cells[0]))]
        texts = _in_order([part for row in chosen for part in row])
        given = [any(column[at] is not None for column in cells) for at in range(len(cells[0]))]
    else:
        texts = list(_names(one, columns))
        chosen, given = _ticked(texts, cells, misfits)
    options = options_of(texts, before)
    _check_number(one, len(options), 50, "options")
    by_text = {option.text: option.id for option in options}
    order = {option.id: at for at, option in enumerate(options)}
    values: list[Value | None] = [
        sorted({by_text[text[:2000]] for text in row}, key=order.__getitem__) if there else None
        for row, there in zip(chosen, given, strict=True)
    ]
    return Answers(Multiple(**said, options=options), values, misfits)


def _ticked(
    texts: Sequence[str], cells: Sequence[Sequence[str | None]], misfits: Misfits
) -> tuple[list[list[str]], list[bool]]:
    """Give what each row chose, and whether it said anything."""
    chosen: list[list[str]] = []
    for row in zip(*cells, strict=True):
        chosen.append([])
        for text, cell in zip(texts, row, strict=True):
            ticked = None if cell is None else True if cell == text else _yes_or_no(cell)
            if ticked:
                chosen[-1].append(text)
            elif cell is not None and ticked is None:
                _note(misfits, cell)
    return chosen, [any(cell is not None for cell in row) for row in zip(*cells, strict=True)]


def _parts(cell: str | None, separator: str) -> list[str]:
    parts = [] if cell is None else cell.split(separator) if separator else [cell]
    return [part.strip() for part in parts if part.strip()]


def _matrix(
    one: QuestionMap,
    said: Mapping[str, Any],
    columns: Sequence[Column],
    cells: Sequence[Sequence[str | None]],
    known: Question | None,
) -> Answers:
    old = known if isinstance(known, Matrix) else None
    rows = options_of(list(_names(one, columns)), old.rows if old else ())
    options = options_of(_in_order([cell for column in cells for cell in column]), old.options if old else ())
    _check_number(one, len(rows), 20, "rows")
    _check_number(one, len(options), 10, "options")
    if len(options) < 2:
        raise QuestionError(f"questions.{one.id}: a matrix needs two options; its columns hold one value")
    by_text = {option.text: option.id for option in options}
    by_row = {option.text: option.id for option in rows}
    ids = [by_row[name[:2000]] for name in _names(one, columns)]
    values: list[Value | None] = [
        {name: by_text[cell[:2000]] for name, cell in zip(ids, row, strict=True) if cell is not None} or None
        for row in zip(*cells, strict=True)
    ]
    return Answers(Matrix(**said, rows=rows, options=options), values, Misfits("no option"))


def _ranking(
    one: QuestionMap,
    said: Mapping[str, Any],
    columns: Sequence[Column],
    cells: Sequence[Sequence[str | None]],
    known: Question | None,
) -> Answers:
    """Read orders; one that has not all options, each once, is none: its places mean something else."""
    given = list(zip(*cells, strict=True))
    texts = _in_order([cell for row in given for cell in row]) if one.mentions else list(_names(one, columns))
    options = options_of(texts, known.options if isinstance(known, Ranking) else ())
    _check_number(one, len(options), 12, "options")
    if not 2 <= len(options) <= len(columns):
        raise QuestionError(
            f"questions.{one.id}: {len(columns)} columns cannot hold an order of {len(options)} options; "
            "those that were named at all make a multiple choice"
        )
    by_text = {option.text: option.id for option in options}
    misfits = Misfits(f"not all {len(options)} options, each once")
    values: list[Value | None] = []
    for row in given:
        named = row if one.mentions else _by_place(row, texts)
        order = [by_text[cell[:2000]] for cell in named if cell is not None]
        whole = len(order) == len(set(order)) == len(options)
        values.append(order if whole else None)
        if not whole and any(cell is not None for cell in row):
            _note(misfits, ", ".join(cell or "-" for cell in row))
    return Answers(Ranking(**said, options=options), values, misfits)


def _by_place(row: Sequence[str | None], texts: Sequence[str]) -> list[str | None]:
    """Give the options of a row by the places that its cells name, from 1; None where there is none."""
    found: list[str | None] = [None] * len(row)
    for text, cell in zip(texts, row, strict=True):
        place = None if cell is None else number_in(cell)
        if place is not None and 1 <= place <= len(row):
            found[place - 1] = text
    return found


def _text(one: QuestionMap, said: Mapping[str, Any], cells: Sequence[str | None]) -> Answers:
    if one.type == "short_text":
        short = ShortText(**said, max_length=500)
        return _each(
            short, cells, Misfits("over 500 characters"), lambda cell: cell if len(cell) <= 500 else None
        )
    return _each(
        LongText(**said, max_length=MAX_TEXT),
        cells,
        Misfits(f"over {MAX_TEXT:,} characters"),
        lambda cell: cell if len(cell) <= MAX_TEXT else None,
    )


def _yes_or_no(cell: str) -> bool | None:
    word = cell.strip().lower()
    return True if word in YES else False if word in NO else None


def _names(one: QuestionMap, columns: Sequence[Column]) -> Sequence[str]:
    return one.names if len(one.names) == len(columns) else [column.text for column in columns]


def _check_number(one: QuestionMap, n: int, most: int, what: str) -> None:
    if not 1 <= n <= most:
        raise QuestionError(
            f"questions.{one.id}: {n:,} different {what}; a {one.type} question has 1 to {most}. "
            "Map values together, or make it a text or a property"
        )


def _in_order(cells: Sequence[str | None]) -> list[str]:
    """Give the different texts: numbers by size, else the most frequent first."""
    counts = Counter(cell for cell in cells if cell is not None)
    numbers = {cell: number_in(cell) for cell in counts}
    if all(number is not None for number in numbers.values()):
        return sorted(counts, key=lambda cell: (numbers[cell] or 0, cell))
    return sorted(counts, key=lambda cell: (-counts[cell], cell))


def options_of(texts: Sequence[str], known: Sequence[Option] = ()) -> tuple[Option, ...]:
    """Make options of texts, the known ones first and as they are.

    >>> [option.id for option in options_of(["Very good", "5", "Other", "…"])]
    ['very_good', 'o5', 'other_option', 'o']
    """
    found = {option.text: option for option in known}
    taken = {option.id for option in known}
    for text in texts:
        text = text[:2000]
        if text in found:
            continue
        key = stem = slug(text, "o")
        number = 2
        while key in taken:
            key, number = f"{stem[:35]}_{number}", number + 1
        taken.add(key)
        found[text] = Option(key, text)
    return tuple(found.values())


def slug(text: str, lead: str) -> str:
    """Make an id of a text.

    >>> slug("What is your age?", "q"), slug("5", "q"), slug("other", "q")
    ('what_is_your_age', 'q5', 'other_option')
    """
    key = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:36].rstrip("_")
    key = key if key[:1].isalpha() else f"{lead}{key}"
    return f"{key}_option" if key in _RESERVED else key
