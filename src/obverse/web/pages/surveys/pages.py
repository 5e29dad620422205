"""The handlers of the survey pages."""

from __future__ import annotations

from obverse.web.pages.surveys import builder, listing, results

routes = [
    listing.show,
    listing.change,
    builder.show_new,
    builder.send_new,
    builder.show_edit,
    builder.send_edit,
    results.show_results,
    results.show_file,
]
"""In the order in which the pages lead to each other."""
