"""The pages: server-rendered, each view at its own address, whole without JavaScript.

A page is a frozen dataclass with help for each field (`page.Page`); the same object renders the HTML
(`render`, Jinja templates without any query or statistic) and the JSON (``format=json``). `frame` is what
stands around each one, `asked` is what a request asks for, `figures` writes numbers, `chart` places lines
and bars. `obverse.web.app` mounts `routes`.
"""

from __future__ import annotations

from obverse.web.pages import (
    dashboards,
    export,
    funnel,
    health,
    home,
    install,
    people,
    person,
    segments,
    shared,
    why,
)
from obverse.web.pages.explore import page as explore
from obverse.web.pages.overlay import page as overlay
from obverse.web.pages.survey_import import page as survey_import
from obverse.web.pages.surveys import pages as surveys

routes = [
    home.show,
    explore.show_index,
    explore.show,
    overlay.show,
    funnel.show,
    people.show_behind,
    people.show_behind_funnel,
    people.show_in_segment,
    people.show,
    person.show,
    health.show,
    install.show,
    export.show,
    segments.show,
    segments.change,
    *survey_import.routes,
    *surveys.routes,
    dashboards.show,
    dashboards.make,
    dashboards.add,
    dashboards.show_one,
    dashboards.change,
    shared.show,
    why.show,
]
"""The handlers of all pages."""
