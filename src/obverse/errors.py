"""The errors that Obverse raises on purpose, from one base.

A message names the field, the value and the rule, and the nearest right name where there is one. The
command line turns a `QuestionError` into exit status 2 and any other into 1; HTTP turns each into one
problem document (RFC 9457) with the class's `status` and `code`.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class ObverseError(Exception):
    """Base of every error raised on purpose.

    Attributes:
        status: HTTP status that a page or the API answers with.
        code: a stable word for programs, in snake_case.
    """

    status = 500
    code = "failure"


class QuestionError(ObverseError):
    """The question cannot be asked as it stands: an unknown name, a wrong value, a contradiction."""

    status = 400
    code = "wrong_question"


class NotFoundError(ObverseError):
    """The named thing is not here."""

    status = 404
    code = "not_found"


class InUseError(ObverseError):
    """The named thing cannot go while others need it."""

    status = 409
    code = "in_use"


class DataError(ObverseError):
    """The data folder is damaged, locked, or written by a newer version; nothing was overwritten."""

    code = "data"


class MissingExtraError(ObverseError):
    """What is asked for needs a part of Obverse that is not installed."""

    code = "missing_extra"


class BusyError(ObverseError):
    """Out of room or time for now; the same request may be tried again.

    Attributes:
        retry_after_s: seconds after which a client should try again.
    """

    status = 503
    code = "busy"

    def __init__(self, message: str, retry_after_s: int = 5) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Word the message for a name that is not known, with the nearest that is.

    >>> unknown("field", "propertys.price", ["properties.price", "event"])
    "unknown field 'propertys.price'; did you mean 'properties.price'?"
    >>> unknown("field", "zzz", ["event"])
    "unknown field 'zzz'; known: event"
    """
    names = sorted(set(known))
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    if near:
        return f"unknown {what} {name!r}; did you mean {near[0]!r}?"
    listed = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"unknown {what} {name!r}; known: {listed or 'none yet'}"
