"""Surveys in the settings: versions, states, what may go."""

from __future__ import annotations

from pathlib import Path

import pytest

from obverse.errors import InUseError, NotFoundError, QuestionError
from obverse.settings.store import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.open(tmp_path / "settings.db")


def test_an_edit_makes_a_version_and_the_older_one_stays(settings: Settings) -> None:
    made = settings.surveys.create("After buying", b'{"v":1}')
    edited = settings.surveys.edit(made.id, "After the order", b'{"v":2}')
    assert (made.version, edited.version, edited.name) == (1, 2, "After the order")
    assert settings.surveys.version(made.id, 1) == b'{"v":1}'
    assert settings.surveys.get(made.id).body == b'{"v":2}'


def test_the_same_words_make_no_version(settings: Settings) -> None:
    made = settings.surveys.create("A", b"{}")
    assert settings.surveys.edit(made.id, "A", b"{}").version == 1


def test_two_surveys_have_two_names(settings: Settings) -> None:
    settings.surveys.create("A", b"{}")
    other = settings.surveys.create("B", b"{}")
    with pytest.raises(QuestionError, match="'A' exists already"):
        settings.surveys.create("A", b"{}")
    with pytest.raises(QuestionError, match="'A' exists already"):
        settings.surveys.edit(other.id, "A", b'{"v":2}')
    assert [one.name for one in settings.surveys.all()] == ["B", "A"]


def test_only_a_draft_can_go(settings: Settings) -> None:
    draft, asked = settings.surveys.create("A", b"{}"), settings.surveys.create("B", b"{}")
    settings.surveys.delete(draft.id)
    assert settings.surveys.set_state(asked.id, "live").state == "live"
    with pytest.raises(InUseError):
        settings.surveys.delete(asked.id)
    with pytest.raises(NotFoundError):
        settings.surveys.get(draft.id)


def test_the_secret_stays_the_same(settings: Settings, tmp_path: Path) -> None:
    assert len(settings.surveys.secret()) == 32
    assert Settings.open(tmp_path / "settings.db").surveys.secret() == settings.surveys.secret()
