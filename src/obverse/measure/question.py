"""Questions and answers: what every measure's own question and answer are made of.

A question is a frozen struct. The body of the API, the URL of a page, the flags of the command line and
the call in a notebook are four spellings of it, so it round-trips through JSON without loss.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Self

import msgspec

from obverse.errors import QuestionError
from obverse.measure.picture import Picture, Side

if TYPE_CHECKING:
    import altair as alt
    import pyarrow as pa

SegmentName = Annotated[str, msgspec.Meta(extra={"widget": "segment"})]
"""The name of a saved segment."""

_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)\s*")
_UNIT_US = {
    "ms": 1_000,
    "s": 1_000_000,
    "m": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
    "w": 604_800_000_000,
}


def duration_us(text: str, field: str) -> int:
    """Read a duration such as ``7d``, ``30m`` or ``1.5h`` in microseconds.

    Args:
        text: a number and a unit: ms, s, m, h, d or w.
        field: name of the field, for the message.

    Raises:
        QuestionError: it is not one.

    >>> duration_us("7d", "within") == 7 * 86_400 * 1_000_000
    True
    """
    found = _DURATION.fullmatch(text)
    if not found:
        raise QuestionError(
            f"{field}: {text!r} is not a duration; write a number and ms, s, m, h, d or w: '7d'"
        )
    return round(float(found[1]) * _UNIT_US[found[2]])


class Spelled(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of what people ask and set up, which is spelled as JSON and read from it."""

    def to_json(self) -> bytes:
        """Spell it as JSON; what has its default is left out."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, body: bytes | str) -> Self:
        """Read it from its JSON.

        Raises:
            QuestionError: with the path of the field that is wrong.
        """
        try:
            return msgspec.json.decode(body, type=cls)
        except msgspec.ValidationError as error:
            raise QuestionError(str(error)) from error
        except msgspec.DecodeError as error:
            raise QuestionError(f"not JSON: {error}") from error


class Question(Spelled, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all questions. A measure's question adds its fields and is tagged with the measure's name.

    Attributes:
        segment: name of a saved segment: only its people count; None for everyone.
    """

    segment: SegmentName | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all answers: numbers with their uncertainty, a table, a chart, a sentence.

    Attributes:
        as_of_seq: the answer covers every event up to this number in the lake.
        notes: what a reader should know beside the numbers: names the lake has never seen, mixed currencies.
    """

    as_of_seq: int
    notes: tuple[str, ...] = ()

    def to_json(self) -> bytes:
        """Spell the answer as JSON."""
        return msgspec.json.encode(self)

    def sentence(self) -> str:
        """Say the answer in one sentence with its figures."""
        raise NotImplementedError

    def table(self) -> pa.Table:
        """Give the answer's rows as an Arrow table."""
        raise NotImplementedError

    def pictures(self, side: Side = "people") -> tuple[Picture, ...]:
        """Say what to show of one side of the coin, the most important first."""
        raise NotImplementedError

    def chart(self, side: Side = "people") -> alt.TopLevelMixin:
        """Draw one side of the answer with Altair, its pictures below each other."""
        from obverse.measure.drawing import chart

        return chart(self.pictures(side), side, getattr(self, "currency", None))

    def _repr_html_(self) -> str:
        """Show the answer in a notebook."""
        chart: Any = self.chart()
        return f"<p>{self.sentence()}</p>{chart.to_html()}"
