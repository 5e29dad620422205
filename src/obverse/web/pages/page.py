"""What every page is: a frozen object with help for each field, that renders as HTML and as JSON.

The help is the text in the field's annotation: ``n: Annotated[int, "How many there are."]``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Annotated, ClassVar, Generic, TypeVar, get_type_hints

import msgspec

from obverse.errors import ObverseError

_LOG = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Page:
    """Base of all pages.

    Class attributes:
        template: file that renders it.
        section: which entry of the navigation it belongs to.
    """

    template: ClassVar[str] = ""
    section: ClassVar[str] = ""

    title: Annotated[str, "What the page is called in the browser's tab."]

    def to_json(self) -> bytes:
        """Spell the page's figures as JSON."""
        return msgspec.json.encode(self)

    @classmethod
    def help(cls) -> dict[str, str]:
        """Say what each field means.

        >>> Page.help()
        {'title': "What the page is called in the browser's tab."}
        """
        hints = get_type_hints(cls, include_extras=True)
        return {one.name: hints[one.name].__metadata__[0] for one in fields(cls)}


@dataclass(frozen=True)
class Panel(Generic[T]):
    """One part of a page that has its own data, and so its own way to fail.

    Attributes:
        value: what it shows; None where it failed.
        problem: why it cannot be shown, for the reader.
    """

    value: T | None = None
    problem: str | None = None


def panel(fill: Callable[[], T]) -> Panel[T]:
    """Fill a panel; what goes wrong in it stays in it.

    A wrong question or a busy server says so in its own words. Anything else is a defect: the reader is
    told that the panel failed, the operator's log has the rest.
    """
    try:
        return Panel(value=fill())
    except ObverseError as error:
        return Panel(problem=str(error))
    except Exception:
        _LOG.exception("a panel failed")
        return Panel(problem="This part failed. The server's log says why; the rest of the page stands.")
