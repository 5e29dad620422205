"""The handlers of the survey pages."""

from __future__ import annotations

from obverse.web.pages.surveys import builder, listing

routes = [
    listing.show,
    listing.change,
    builder.show_new,
    builder.send_new,
    builder.show_edit,
    builder.send_edit,
]
"""In the order in which the pages lead to each other."""
