"""Events that only the server itself may write are refused, however they are spelled; others are not."""

from __future__ import annotations

import pytest

from obverse.collect.limits import Limits
from obverse.collect.privacy import Privacy
from obverse.collect.refusal import Refusal
from obverse.collect.reserved import Reserved
from obverse.collect.segment import judge
from obverse.collect.source import Source
from obverse.collect.wire import decode

NOW = 1_714_979_300_000_000
OURS = Reserved(frozenset({"Survey Answered"}), "survey_id", {"s1", "77"}.__contains__, "surveys")


def refused(properties: str, event: str = "Survey Answered", source: str = "shop") -> list[Refusal]:
    """Send one event with some properties as text and give why it was refused."""
    body = f'{{"event":"{event}","userId":"u","properties":{properties}}}'.encode()
    batch = judge(decode(body, "track"), Source(source), NOW, Limits(), Privacy(), OURS)
    assert len(batch.events) + len(batch.refused) == 1
    return [one.reason for one in batch.refused]


@pytest.mark.parametrize(
    "properties",
    [
        '{"survey_id":"s1"}',
        '{"survey_id":"other","survey_id":"s1"}',
        '{"survey_id":"s1","survey_id":"other"}',
        '{"survey\\u005fid":"s1","answers":{"nps":10}}',
        '{"answers":{"survey_id":"x"},"survey_id":"s1"}',
        '{"survey_id":77}',
    ],
)
def test_an_answer_to_our_own_survey_that_the_form_did_not_give_is_refused(properties: str) -> None:
    assert refused(properties) == [Refusal.NOT_ASKED]


@pytest.mark.parametrize(
    ("properties", "event", "source"),
    [
        ('{"survey_id":"theirs"}', "Survey Answered", "shop"),
        ("{}", "Survey Answered", "shop"),
        ('{"answers":{"survey_id":"s1"}}', "Survey Answered", "shop"),
        ('{"survey_id":"s1"}', "Order Completed", "shop"),
        ('{"survey_id":"s1"}', "Survey Answered", "surveys"),
    ],
)
def test_what_is_not_of_our_own_surveys_is_taken(properties: str, event: str, source: str) -> None:
    assert refused(properties, event, source) == []
