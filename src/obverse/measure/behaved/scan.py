"""The scan of who behaved so: a short kernel a rule marks who passes it, and one counts them."""

from __future__ import annotations

from obverse.measure.kernel import kernel
from obverse.measure.moments import push
from obverse.measure.overview_scan import first_from
from obverse.tape.layout import Floats, Int64s


@kernel
def mark_times(
    offsets: Int64s,
    time: Int64s,
    start: int,
    end: int,
    least: int,
    most: int,
    bit: int,
    passed: Int64s,
    low: int,
    high: int,
) -> None:
    """Mark who has between `least` and `most` events in [start, end).

    Args:
        offsets: of the rule's events.
        time: of the rule's events.
        start: first instant.
        end: first instant after the last.
        least: fewest events.
        most: most events.
        bit: what is set for who passes.
        passed: shape (high - low,), the bits of each unit.
        low: first unit.
        high: unit after the last.
    """
    for unit in range(low, high):
        stop = offsets[unit + 1]
        first = first_from(time, offsets[unit], stop, start)
        if least <= first_from(time, first, stop, end) - first <= most:
            passed[unit - low] |= bit


@kernel
def mark_spent(
    offsets: Int64s,
    time: Int64s,
    value: Floats,
    start: int,
    end: int,
    least: float,
    most: float,
    bit: int,
    passed: Int64s,
    low: int,
    high: int,
) -> None:
    """Mark whose events in [start, end) have values that sum up to between `least` and `most`.

    A ten-thousandth of the currency's unit is forgiven, as sums of decimal fractions are not exact. See
    `mark_times` for the other arguments.
    """
    for unit in range(low, high):
        stop, spent = offsets[unit + 1], 0.0
        at = first_from(time, offsets[unit], stop, start)
        while at < stop and time[at] < end:
            spent += value[at]
            at += 1
        if least - 1e-4 <= spent <= most + 1e-4:
            passed[unit - low] |= bit


@kernel
def mark_is(
    offsets: Int64s,
    time: Int64s,
    seq: Int64s,
    not_offsets: Int64s,
    not_time: Int64s,
    not_seq: Int64s,
    start: int,
    end: int,
    last: bool,
    bit: int,
    passed: Int64s,
    low: int,
    high: int,
) -> None:
    """Mark whose last event (else: first) in [start, end) that tells says yes, by time, then arrival.

    Args:
        offsets: of the events that say yes; those that say no come after them.
        time: of these.
        seq: of these.
        not_offsets: of the events that say no.
        not_time: of these.
        not_seq: of these.
        start: first instant.
        end: first instant after the last.
        last: whether the last one decides.
        bit: what is set for who passes.
        passed: shape (high - low,), the bits of each unit.
        low: first unit.
        high: unit after the last.
    """
    for unit in range(low, high):
        yes = first_from(time, offsets[unit], offsets[unit + 1], end if last else start)
        no = first_from(not_time, not_offsets[unit], not_offsets[unit + 1], end if last else start)
        if last:
            yes, no = yes - 1, no - 1
        if yes < offsets[unit] or yes == offsets[unit + 1] or not start <= time[yes] < end:
            continue
        rival = not_offsets[unit] <= no < not_offsets[unit + 1] and start <= not_time[no] < end
        later = rival and (not_time[no] > time[yes] or (not_time[no] == time[yes] and not_seq[no] > seq[yes]))
        if not rival or later != last:
            passed[unit - low] |= bit


@kernel
def tally(
    offsets: Int64s,
    time: Int64s,
    c_offsets: Int64s,
    c_time: Int64s,
    c_value: Floats,
    start: int,
    end: int,
    passed: Int64s,
    n_rules: int,
    every: bool,
    counts: Int64s,
    passes: Int64s,
    without: Int64s,
    spent: Floats,
    low: int,
    high: int,
) -> None:
    """Count who was there in [start, end), who passes, and what their conversions in it are worth.

    Args:
        offsets: of the events that say somebody was there.
        time: of these.
        c_offsets: of conversions.
        c_time: of conversions.
        c_value: of conversions.
        start: first instant.
        end: first instant after the last.
        passed: shape (high - low,), bit r for who passes rule r.
        n_rules: rules.
        every: whether all rules must be passed, else any.
        counts: shape (2, 2), people outside and in the group; of them, who converted. Added to.
        passes: shape (rules,), people who pass each rule. Added to.
        without: shape (rules,), people who would be in the group without each rule. Added to.
        spent: shape (2, 3), moments of the money of each who converted. Added to.
        low: first unit.
        high: unit after the last.
    """
    whole = (1 << n_rules) - 1
    for unit in range(low, high):
        at = first_from(time, offsets[unit], offsets[unit + 1], start)
        if at == offsets[unit + 1] or time[at] >= end:
            passed[unit - low] = -1
            continue
        bits = passed[unit - low]
        for rule in range(n_rules):
            passes[rule] += (bits >> rule) & 1
            rest = bits & ~(1 << rule)
            without[rule] += (rest == whole & ~(1 << rule)) if every else rest != 0
        side = 1 if (bits == whole if every else bits != 0) else 0
        counts[side, 0] += 1
        order, worth = first_from(c_time, c_offsets[unit], c_offsets[unit + 1], start), 0.0
        begin = order
        while order < c_offsets[unit + 1] and c_time[order] < end:
            worth += c_value[order]
            order += 1
        if order > begin:
            counts[side, 1] += 1
            push(spent[side], worth)
