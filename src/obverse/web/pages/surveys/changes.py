"""What changed from one version of a survey to the next, in words."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from obverse.surveys.survey import Survey


def changes(old: Survey, new: Survey) -> tuple[str, ...]:
    """Say what changed, a phrase a change.

    >>> from obverse.surveys.question import Nps, LongText
    >>> first = Survey(name="A", questions=(Nps(id="q1", text="Would you?"),))
    >>> why = LongText(id="q2", text="Why?")
    >>> changes(first, Survey(name="B", questions=(Nps(id="q1", text="Will you?"), why)))
    ('name: B', 'q1: text', 'q2 added')
    """
    return tuple(_changes(old, new))


def _changes(old: Survey, new: Survey) -> Iterator[str]:
    if old.name != new.name:
        yield f"name: {new.name}"
    yield from _items(old.questions, new.questions)
    yield from _items(old.moments, new.moments)
    for name in Survey.__struct_fields__:
        if name not in ("name", "questions", "moments") and getattr(old, name) != getattr(new, name):
            yield name


def _items(old: tuple[msgspec.Struct, ...], new: tuple[msgspec.Struct, ...]) -> Iterator[str]:
    before = {one.id: one for one in old}  # type: ignore[attr-defined] # questions and moments have ids
    after = {one.id: one for one in new}  # type: ignore[attr-defined] # see above
    for key, one in after.items():
        if key not in before:
            yield f"{key} added"
        elif type(one) is not type(before[key]):
            yield f"{key}: of another kind"
        else:
            fields = one.__struct_fields__
            names = [name for name in fields if getattr(one, name) != getattr(before[key], name)]
            if names:
                yield f"{key}: {', '.join(names)}"
    yield from (f"{key} removed" for key in before if key not in after)
    kept = [key for key in before if key in after]
    if kept != [key for key in after if key in before]:
        yield "in another order"
