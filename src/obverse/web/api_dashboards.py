"""Dashboards in the JSON API: `obverse.web.api` mounts these routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec
from litestar import Request, delete, get, post, put
from litestar.openapi.datastructures import ResponseSpec

from obverse.errors import QuestionError, unknown
from obverse.measure import read_question
from obverse.settings.dashboards import PanelSpec
from obverse.web.pages.frame import PERIODS
from obverse.web.problem import Problem

if TYPE_CHECKING:
    from obverse.settings.dashboards import Dashboard, Dashboards

Ask = Request[Any, Any, Any]
_WRONG = ResponseSpec(Problem, description="A wrong question, name or panel")
_GONE = ResponseSpec(Problem, description="There is no such dashboard")


class BoardPanel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A panel of a dashboard.

    Attributes:
        title: what it is called.
        question: what is asked, as `POST /api/ask` takes it.
        side: which side of the coin it shows.
        wide: whether it takes the whole width.
        period: a period that moves with time, such as ``30d``, in place of the question's days; empty for
            those.
    """

    title: str
    question: dict[str, Any]
    side: Literal["people", "value"] = "people"
    wide: bool = False
    period: str = ""


class NewDashboard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a dashboard is called, and its panels in order."""

    name: str
    panels: list[BoardPanel] = []


class SavedDashboard(msgspec.Struct, frozen=True, kw_only=True):
    """A dashboard; instants are in µs since 1970 UTC, `shared` says that a link opens it to anybody."""

    id: str
    name: str
    panels: list[BoardPanel]
    shared: bool
    created_at: int
    changed_at: int


class SavedDashboards(msgspec.Struct, frozen=True):
    """All dashboards, by name."""

    dashboards: list[SavedDashboard]


def _saved(found: Dashboard) -> SavedDashboard:
    return SavedDashboard(
        id=found.id,
        name=found.name,
        panels=[
            BoardPanel(
                title=one.title,
                question=msgspec.json.decode(one.question),
                side="value" if one.side == "value" else "people",
                wide=one.wide,
                period=one.period,
            )
            for one in found.panels
        ],
        shared=found.share_token is not None,
        created_at=found.created_at,
        changed_at=found.changed_at,
    )


def _panels(given: list[BoardPanel]) -> list[PanelSpec]:
    """Check the questions and periods of panels.

    Raises:
        QuestionError: naming the panel.
    """
    made = []
    for number, one in enumerate(given, 1):
        try:
            if one.period and one.period not in PERIODS:
                raise QuestionError(unknown("period", one.period, PERIODS))
            question = msgspec.Raw(read_question(msgspec.json.encode(one.question)).to_json())
        except QuestionError as error:
            raise QuestionError(f"panel {number}: {error}") from error
        made.append(PanelSpec(one.title, question, one.side, one.wide, one.period))
    return made


def _replaced(dashboards: Dashboards, id_: str, new: NewDashboard) -> SavedDashboard:
    dashboards.replace(id_, new.name, _panels(new.panels))
    return _saved(dashboards.get(id_))


@get("/dashboards")
async def dashboards(request: Ask) -> SavedDashboards:
    """List the dashboards."""
    state = request.app.state
    found = await state.desk.run(state.settings.dashboards.all)
    return SavedDashboards([_saved(one) for one in found])


@post("/dashboards", responses={400: _WRONG})
async def make_dashboard(request: Ask, data: NewDashboard) -> SavedDashboard:
    """Make a dashboard."""
    state = request.app.state
    made = await state.desk.run(state.settings.dashboards.create, data.name, _panels(data.panels))
    return _saved(made)


@get("/dashboards/{id_:str}", responses={404: _GONE})
async def dashboard(request: Ask, id_: str) -> SavedDashboard:
    """Give a dashboard."""
    state = request.app.state
    return _saved(await state.desk.run(state.settings.dashboards.get, id_))


@put("/dashboards/{id_:str}", responses={400: _WRONG, 404: _GONE})
async def replace_dashboard(request: Ask, id_: str, data: NewDashboard) -> SavedDashboard:
    """Replace a dashboard's name and panels; its link stays."""
    state = request.app.state
    changed: SavedDashboard = await state.desk.run(_replaced, state.settings.dashboards, id_, data)
    return changed


@delete("/dashboards/{id_:str}", responses={404: _GONE})
async def delete_dashboard(request: Ask, id_: str) -> None:
    """Forget a dashboard."""
    state = request.app.state
    await state.desk.run(state.settings.dashboards.delete, id_)


handlers = [dashboards, make_dashboard, dashboard, replace_dashboard, delete_dashboard]
"""The handlers of dashboards."""
