"""The question of attribution: see `obverse.measure.attribution` for what each part means."""

from __future__ import annotations

from typing import Literal, get_args

from obverse.errors import QuestionError
from obverse.measure.fields import (
    Duration,
    Events,
    FieldName,
    check_duration,
    check_filter,
    check_number,
    selection,
)
from obverse.measure.scope import SplitScope

Model = Literal["first", "last", "linear", "time_decay", "position", "markov"]

MODELS: tuple[Model, ...] = get_args(Model)
RULES = MODELS[:-1]
"""The models that share a conversion out by a rule, without looking at journeys that did not convert."""


class Attribution(SplitScope, frozen=True, kw_only=True, tag="attribution"):
    """Which touchpoints and campaigns conversions are owed to, by six models side by side.

    Attributes:
        conversion: the events whose worth is shared out.
        touches: the events that can have led to it; ``*`` for any.
        channel: field that says where a touch was: ``touchpoint``, ``context.campaign.name``,
            ``context.campaign.source``; events without a value are no touches.
        lookback: how long before a conversion a touch can have led to it.
        gap: events of one channel that follow each other within this are one touch.
        half_life: with time decay, how much earlier a touch counts half as much.
        model: the model that the picture ranks by; the table has them all.
        n_channels: how many channels are shown, the most frequent; the others are one.
        by: field whose value at a person's first touch or conversion in the period splits people, such as
            ``context.device.type``, or ``segment: NAME`` for who is in a saved segment and who is not.
    """

    conversion: Events = "Order Completed"
    touches: Events = "*"
    channel: FieldName = "touchpoint"
    lookback: Duration = "30d"
    gap: Duration = "30m"
    half_life: Duration = "7d"
    model: Model = "linear"
    n_channels: int = 15

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        super().__post_init__()
        selection(self.conversion, "conversion")
        selection(self.touches, "touches")
        check_filter(self.channel, "channel")
        check_duration(self.lookback, "lookback")
        check_duration(self.gap, "gap", least="0s")
        check_duration(self.half_life, "half_life", least="1s")
        check_number(self.n_channels, "n_channels", 1, 50)
        if self.model not in MODELS:
            raise QuestionError(f"model: {self.model!r} is none of {', '.join(MODELS)}")
