"""Variants: in which variant of which experiment somebody is, as the tools that run experiments tell it.

Segment's ``Experiment Viewed`` names both by name or id; some tools write its properties in camel case.
PostHog's ``$feature_flag_called`` names a flag and what it gave, and its client's own events carry
``$feature/FLAG`` for each flag.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

EXPERIMENT_VIEWED, FLAG_CALLED = "Experiment Viewed", "$feature_flag_called"
EXPOSURES = {
    EXPERIMENT_VIEWED: (
        ("experiment_name", "experiment_id", "experimentName", "experimentId"),
        ("variation_name", "variation_id", "variationName", "variationId"),
    ),
    FLAG_CALLED: (("$feature_flag",), ("$feature_flag_response",)),
}
"""By event, the properties that name the experiment and the variant; of several the first that is there."""
_FLAG = "$feature/"
_MOST, _LONGEST = 50, 100


def exposure(event: str, properties: object) -> tuple[str, str] | None:
    """Read the experiment and the variant that an event tells of; None where it tells of none.

    >>> exposure("Experiment Viewed", {"experiment_id": "e7", "experiment_name": "Price", "variation_id": 2})
    ('Price', '2')
    """
    if event not in EXPOSURES or not isinstance(properties, Mapping):
        return None
    experiment, variant = (
        next((text for name in names if (text := _text(properties.get(name)))), "")
        for names in EXPOSURES[event]
    )
    return (experiment, variant) if experiment and variant else None


def of_exposures(viewed: Iterable[object]) -> dict[str, str]:
    """Give the variant by experiment that the properties of some ``Experiment Viewed`` tell."""
    return capped(one for told in viewed if (one := exposure(EXPERIMENT_VIEWED, told)))


def of_flags(properties: Mapping[str, Any]) -> dict[str, str]:
    """Give the variant by experiment that an event of PostHog's client carries.

    >>> of_flags({"$feature/price": "b", "$feature/banner": True, "price": 3})
    {'price': 'b', 'banner': 'true'}
    """
    flags = ((name.removeprefix(_FLAG), value) for name, value in properties.items() if _FLAG in name[:9])
    return capped((name, _text(value)) for name, value in flags)


def capped(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Keep fifty pairs at most that say something, each no longer than a name should be."""
    found = {name[:_LONGEST]: text[:_LONGEST] for name, text in pairs if name and text}
    return dict(list(found.items())[:_MOST])


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).strip()[:_LONGEST] if isinstance(value, str | int | float) else ""
