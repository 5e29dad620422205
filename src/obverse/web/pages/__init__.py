"""The pages: server-rendered, each view at its own address, whole without JavaScript.

A page is a frozen dataclass with help for each field (`page.Page`); the same object renders the HTML
(`render`, Jinja templates without any query or statistic) and the JSON (``format=json``). `frame` is what
stands around each one, `asked` is what a request asks for, `figures` writes numbers, `chart` places lines
and bars. `obverse.web.app` mounts `routes`.
"""

from __future__ import annotations

from obverse.web.pages import funnel, health, home, install, people, person

routes = [
    home.show,
    funnel.show,
    people.show_behind,
    people.show,
    person.show,
    health.show,
    install.show,
]
"""The handlers of all pages."""
