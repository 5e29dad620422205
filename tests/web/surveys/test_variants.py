"""Variants: what other tools' experiments tell of a person goes along with what they answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import obverse
from obverse.surveys.variants import exposure, of_exposures, of_flags
from obverse.web.surveys.askings_rows import Who
from obverse.web.surveys.audiences import Audiences
from obverse.web.surveys.exposed import exposed
from tests.engine.lakes import NOON, fill, row, spread


def viewed(user: str | None, minute: float, device: str | None = None, **told: Any) -> dict[str, object]:
    return row(user, "Experiment Viewed", minute, anonymous_id=device, properties=told)


def flag(user: str, minute: float, name: str, response: object) -> dict[str, object]:
    told = {"$feature_flag": name, "$feature_flag_response": response}
    return row(user, "$feature_flag_called", minute, properties=told)


ROWS = [
    viewed(
        None, 0, "d1", experiment_id="e1", experiment_name="Price", variation_id="1", variation_name="high"
    ),
    row("anna", "Identified", 1, anonymous_id="d1", type="identify"),
    flag("anna", 2, "banner", True),
    viewed("ben", 1, experiment_name="Price", variation_name="low"),
    viewed("ben", 3, experiment_name="Price", variation_name="high"),
    viewed("ben", 4, experimentId="checkout", variationId=2),
    flag("ben", 5, "Price", "low"),
    viewed("carla", 1, experiment_name="Price"),
    row("dora", "Order Completed", 1),
]


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[obverse.Lake]:
    made = obverse.open(fill(tmp_path / "data", spread(ROWS)))
    yield made
    made.close()


def test_the_last_variant_of_each_experiment_counts_whichever_tool_told_it(lake: obverse.Lake) -> None:
    audiences = Audiences(lake, lambda: NOON)
    try:
        assert audiences.variants(Who.of("ben", None)) == {}, "an offer does not wait"
        of = {
            user: audiences.variants(Who.of(user, None), wait=True)
            for user in ("anna", "ben", "carla", "dora")
        }
        assert of == {
            "anna": {"Price": "high", "banner": "true"},
            "ben": {"Price": "low", "checkout": "2"},
            "carla": {},
            "dora": {},
        }
        assert audiences.variants(Who.of(None, "d1")) == of["anna"], "on a device of hers"
        assert audiences.variants(Who()) == {}
    finally:
        audiences.close()


def test_people_in_the_same_variants_share_one_row(lake: obverse.Lake) -> None:
    found = exposed(lake.tape)
    assert (len(found.persons), len(found.variants)) == (3, 3)


def test_nobody_was_seen_in_an_experiment(tmp_path: Path) -> None:
    with obverse.open(fill(tmp_path / "data", spread([row("anna", "Order Completed", 1)]))) as lake:
        assert not len(exposed(lake.tape).persons)


@pytest.mark.parametrize(
    ("properties", "found"),
    [
        ({"experiment_id": "e", "variation_id": 0}, ("e", "0")),
        ({"experimentName": "E", "experimentId": "e", "variationName": "b"}, ("E", "b")),
        ({"experiment_id": "e", "variation_id": None}, None),
        ({"experiment_id": {"a": 1}, "variation_id": "b"}, None),
        ({"experiment_id": "e" * 999, "variation_id": "b"}, ("e" * 100, "b")),
        (None, None),
        ([1], None),
    ],
)
def test_what_an_exposure_tells_is_read_from_whatever_was_sent(properties: Any, found: Any) -> None:
    assert exposure("Experiment Viewed", properties) == found
    assert exposure("Order Completed", properties) is None
    assert of_exposures([properties, 7]) == (dict([found]) if found else {})


def test_a_flood_of_flags_is_cut() -> None:
    assert len(of_flags({f"$feature/{n}": "b" for n in range(999)})) == 50
    assert of_flags({"$features": "b", "feature/x": "c", "$feature/": "d", "$feature/off": False}) == {
        "off": "false"
    }
