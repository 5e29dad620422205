"""Pages by their kind: what is an id in an address, and what is not."""

from __future__ import annotations

import pytest

from obverse.measure.pages import Patterns, folded


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("/", "/"),
        ("", ""),
        ("?", "?"),
        ("/product/123", "/product/*"),
        ("/product/123/", "/product/*"),
        ("/product/123/reviews/7", "/product/*/reviews/*"),
        ("/product/123?color=red#top", "/product/*"),
        ("/a//b", "/a//b"),
        ("/v2.1/docs", "/v2.1/docs"),
        ("/2.1/docs", "/*/docs"),
        ("/orders/2026-03-01", "/orders/*"),
        ("/u/550e8400-e29b-41d4-a716-446655440000", "/u/*"),
        ("/u/550e8400e29b41d4a716446655440000", "/u/*"),
        ("/commit/9f86d081", "/commit/*"),
        ("/deadbeef", "/deadbeef"),
        ("/facade1", "/facade1"),
        ("/r/Zm9vYmFyMTIzYmF6cXV4NDU", "/r/*"),
        ("/internationalization-guide", "/internationalization-guide"),
        ("/users/anna@example.com", "/users/*"),
        ("/users/anna%40example.com", "/users/*"),
        ("/trail-shoe-2", "/trail-shoe-2"),
        ("https://shop.example/product/17", "https://shop.example/product/*"),
        ("A title with 3 words", "A title with 3 words"),
        ("What now?", "What now?"),
    ],
)
def test_ids_are_folded_and_names_are_kept(label: str, kind: str) -> None:
    assert folded(label) == kind


@pytest.mark.parametrize("label", ["/product/1/x", "/a?b", "/u/550e8400-e29b-41d4-a716-446655440000/", "x"])
def test_folding_again_changes_nothing(label: str) -> None:
    assert folded(folded(label)) == folded(label)


def test_the_first_pattern_that_fits_names_the_place() -> None:
    patterns = Patterns(("/blog/* as Blog", "/blog/news", "*/help", "/a.c"))
    assert patterns.name_of("/blog/news") == "Blog"
    assert patterns.name_of("/de/help") == "*/help"
    assert patterns.name_of("/a.c") == "/a.c"
    assert patterns.name_of("/abc") is None, "a dot is a dot"
    assert patterns.name_of("/blog") is None
