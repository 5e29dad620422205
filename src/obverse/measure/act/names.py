"""The pages, elements, forms and fields of a layout, by number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from obverse.errors import QuestionError, unknown
from obverse.measure.act.question import Act
from obverse.measure.pages import folded
from obverse.measure.scope import NO_VALUE
from obverse.tape.layout import Int64s, Layout

REST = "(rarer ones)"
"""Name of all values that have no label."""

NO_FIELD = "(none)"
"""Name of the field of those who left a form without filling in any; its number is that after the last."""


@dataclass(frozen=True)
class Names:
    """Values by number; several labels may be one value.

    Attributes:
        names: by number.
        of_code: shape (labels + 1,), number by code of the event.
    """

    names: tuple[str, ...]
    of_code: Int64s

    @classmethod
    def of(cls, labels: tuple[str | None, ...], *, fold: bool = False) -> Self:
        """Number the values of some labels; the last code is that of all without a label."""
        numbers: dict[str, int] = {}
        named = [NO_VALUE if label is None else folded(label) if fold else label for label in labels]
        of_code = [numbers.setdefault(name, len(numbers)) for name in [*named, REST]]
        return cls(tuple(numbers), np.array(of_code, dtype=np.int64))

    def number(self, name: str, what: str) -> int:
        """Find a value's number.

        Raises:
            QuestionError: there is no such value.
        """
        if name not in self.names:
            raise QuestionError(unknown(what, name, self.names))
        return self.names.index(name)


@dataclass(frozen=True)
class AllNames:
    """The pages, elements, forms and fields of a layout; every slice of it has the same."""

    page: Names
    element: Names
    form: Names
    field: Names

    @classmethod
    def of(cls, question: Act, labels: tuple[tuple[str | None, ...], ...]) -> Self:
        """Number the values of `Layout.labels`."""
        page, element, form, field = labels
        return cls(Names.of(page, fold=question.pages), Names.of(element), Names.of(form), Names.of(field))

    @classmethod
    def of_layout(cls, question: Act, layout: Layout) -> Self:
        """Number the values of a layout."""
        return cls.of(question, layout.labels)
