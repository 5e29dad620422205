"""Languages: what a browser asks for, and what a survey has."""

from __future__ import annotations

import doctest
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obverse.surveys import items, languages, piping, scoring, theme, words
from obverse.surveys.languages import negotiate, wanted
from obverse.surveys.question import Sus, UmuxLite
from obverse.surveys.words import is_rtl, native

HAVE = ["en", "de", "pt-BR", "zh-Hans"]


@pytest.mark.parametrize(
    "module", [items, languages, piping, scoring, theme, words], ids=lambda one: str(one.__name__)
)
def test_examples_hold(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0


@given(
    st.text(max_size=60)
    | st.from_regex(r"[a-z]{2}(-[A-Z]{2})?(;q=[01](\.\d)?)?(, ?[a-z]{2};q=0\.\d)*", fullmatch=True)
)
def test_any_header_leads_to_a_language_that_is_there(header: str) -> None:
    assert negotiate(HAVE, wanted(header)) in HAVE


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de-AT,de;q=0.9", "de"),
        ("fr, pt;q=0.3", "pt-BR"),
        ("DE", "de"),
        ("de;q=0, zh", "zh-Hans"),
        ("fr;q=1.0, en;q=0.1, de;q=0.2", "de"),
        ("*", "en"),
        ("de;q=high, zh", "zh-Hans"),
    ],
)
def test_the_one_that_is_preferred_is_taken(header: str, language: str) -> None:
    assert negotiate(HAVE, wanted(header)) == language


def test_some_languages_run_from_right_to_left() -> None:
    assert [one for one in ("ar", "he-IL", "fa", "ur", "az-Arab", "de", "az", "ar-Latn") if is_rtl(one)] == [
        *("ar", "he-IL", "fa", "ur", "az-Arab")
    ]


def test_a_language_says_its_own_name() -> None:
    assert [native(one) for one in ("fr", "de-CH", "tlh")] == ["Français", "Deutsch (CH)", "tlh"]


def test_standard_items_name_the_product() -> None:
    named = items.items(Sus(id="q", text="?", product="Obverse"))
    assert len(named) == 10
    assert all("Obverse" in one for one in named)
    assert items.items(UmuxLite(id="q", text="?"))[1] == "This system is easy to use"
