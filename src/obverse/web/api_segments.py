"""Saved segments in the JSON API: `obverse.web.api` mounts these routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, delete, get, patch, post
from litestar.openapi.datastructures import ResponseSpec

from obverse.engine import naming
from obverse.engine.naming import Uses
from obverse.errors import NotFoundError, unknown
from obverse.measure import read_question
from obverse.web.problem import Problem

if TYPE_CHECKING:
    from obverse.engine.local import Lake
    from obverse.settings.segments import Segment
    from obverse.settings.store import Settings

Ask = Request[Any, Any, Any]
_WRONG = ResponseSpec(Problem, description="A wrong question or name")
_GONE = ResponseSpec(Problem, description="There is no such segment")
_IN_USE = ResponseSpec(Problem, description="Another segment or a dashboard uses it")


class NewSegment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A segment to save: the people behind a part of an answer.

    Attributes:
        name: what questions will call it by.
        question: what is asked, as `POST /api/ask` takes it.
        pick: which part of its answer, such as ``{"step": "2"}``; everyone who is counted unless given.
        snapshot: keep the people as they are now, instead of finding them anew at each question.
    """

    name: str
    question: dict[str, Any]
    pick: dict[str, str] = {}
    snapshot: bool = False


class NewName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a segment is called from now on."""

    name: str


class Board(msgspec.Struct, frozen=True):
    """A dashboard by its id and its name."""

    id: str
    name: str


class UsedBy(msgspec.Struct, frozen=True):
    """Who needs a segment: names of other segments, and dashboards."""

    segments: list[str]
    dashboards: list[Board]


class SavedSegment(msgspec.Struct, frozen=True, kw_only=True):
    """A saved segment; `created_at` is in µs since 1970 UTC."""

    name: str
    question: dict[str, Any]
    pick: dict[str, str]
    snapshot: bool
    created_at: int
    used_by: UsedBy


class CountedSegment(SavedSegment, frozen=True, kw_only=True):
    """A saved segment, and how many people are in it now."""

    people: int


class SavedSegments(msgspec.Struct, frozen=True):
    """All saved segments, by name."""

    segments: list[SavedSegment]


def _saved(found: Segment, used: dict[str, Uses]) -> SavedSegment:
    users = used.get(found.name, Uses())
    return SavedSegment(
        name=found.name,
        question=msgspec.json.decode(found.question),
        pick=found.pick,
        snapshot=found.is_snapshot,
        created_at=found.created_at,
        used_by=UsedBy([*users.segments], [Board(one.id, one.name) for one in users.dashboards]),
    )


def _all(settings: Settings) -> SavedSegments:
    used = naming.uses(settings)
    return SavedSegments([_saved(one, used) for one in settings.segments.all()])


def _one(settings: Settings, lake: Lake, name: str) -> CountedSegment:
    names = settings.segments.names()
    if name not in names:
        raise NotFoundError(unknown("segment", name, names))
    saved = _saved(settings.segments.get(name), naming.uses(settings))
    people = lake.people_in(name, limit=0).n
    return CountedSegment(**msgspec.structs.asdict(saved), people=people)


def _save(settings: Settings, lake: Lake, new: NewSegment) -> CountedSegment:
    question = read_question(msgspec.json.encode(new.question))
    lake.save_segment(new.name, question, new.pick, snapshot=new.snapshot)
    return _one(settings, lake, new.name)


def _rename(settings: Settings, lake: Lake, name: str, to: str) -> CountedSegment:
    naming.rename(settings, name, to)
    return _one(settings, lake, to)


@get("/segments")
async def segments(request: Ask) -> SavedSegments:
    """List the saved segments."""
    state = request.app.state
    found: SavedSegments = await state.desk.run(_all, state.settings)
    return found


@post("/segments", responses={400: _WRONG})
async def save_segment(request: Ask, data: NewSegment) -> CountedSegment:
    """Save the people behind a part of an answer as a segment."""
    state = request.app.state
    made: CountedSegment = await state.desk.run(_save, state.settings, state.lake, data)
    return made


@get("/segments/{name:path}", responses={404: _GONE})
async def segment(request: Ask, name: str) -> CountedSegment:
    """Give a segment and how many people are in it now."""
    state = request.app.state
    found: CountedSegment = await state.desk.run(_one, state.settings, state.lake, name[1:])
    return found


@patch("/segments/{name:path}", responses={400: _WRONG, 404: _GONE})
async def rename_segment(request: Ask, name: str, data: NewName) -> CountedSegment:
    """Rename a segment, in the segments and dashboards that use it too."""
    state = request.app.state
    renamed: CountedSegment = await state.desk.run(_rename, state.settings, state.lake, name[1:], data.name)
    return renamed


@delete("/segments/{name:path}", responses={404: _GONE, 409: _IN_USE})
async def delete_segment(request: Ask, name: str) -> None:
    """Forget a segment that nobody uses."""
    state = request.app.state
    await state.desk.run(naming.delete, state.settings, name[1:])


handlers = [segments, save_segment, segment, rename_segment, delete_segment]
"""The handlers of segments."""
