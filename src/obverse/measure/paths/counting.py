"""What a path adds to the counts: its places, its ways from place to place, itself as a whole."""

from __future__ import annotations

from numba import njit

from obverse.measure.columns import floats_at, integers_at, small_integers_at
from obverse.measure.frequent import LANE, MASS, row_of
from obverse.measure.moments import push
from obverse.measure.pairs import push_pair
from obverse.measure.paths.state import (
    AGAIN,
    ANY_COLUMN,
    BEGINS,
    ENDS,
    IS_GOAL,
    LAST_PATH,
    LAST_PERSON,
    MONEY,
    N_FLOATS,
    N_PLACE,
    N_TOTALS,
    OPEN_ENDS,
    OWN_PATHS,
    OWN_REACHED,
    PAIRS,
    PASSES,
    PATHS,
    PEOPLE,
    PER_WORD,
    PLACE_BITS,
    REACHED,
    S_OWN_PATHS,
    S_OWN_REACHED,
    S_PATH,
    S_PATHS,
    S_PEOPLE,
    S_PERSON,
    S_REACHED,
    S_TIMES,
    SHOWN,
    T_OWN_PATHS,
    T_OWN_REACHED,
    T_PATHS,
    T_PEOPLE,
    T_PERSON,
    T_REACHED,
    TIMES,
    W_LENGTH,
    W_OWN_PATHS,
    W_OWN_REACHED,
    W_PATHS,
    W_PEOPLE,
    W_PERSON,
    W_REACHED,
    W_WORDS,
    ZERO,
    Walk,
    later_of,
    marks_of,
    money_of,
    runs_of,
    steps_of,
    times_of,
)
from obverse.measure.timed import N_BINS, time_bin
from obverse.tape.layout import Floats, Int64s

_TURNS = 1_103_515_245, 1_640_531_527  # any two odd numbers below 2**31


@njit(nogil=True)
def count(w: Walk, n: int, column: int, until: int, head: int, tail: int) -> None:
    """Count a path, or note who takes it, if that is what is sought.

    Args:
        w: has the path's steps.
        n: how many.
        column: of its first step.
        until: the item before which goals and money count for it.
        head: the special place before its first step: `BEGAN`, or `CUT` where nobody says what was before.
        tail: the one after its last step: `LEFT`, `OPEN` or `CUT`.
    """
    if w.seeking > 0:
        if _is_sought(w, n, column, head, tail):
            integers_at(w.found, w.n_found)[w.unit] = 1
        return
    w.path += 1
    goal = _look_ahead(w, n, until) if w.valued else -1
    _count_whole(w, n, goal)
    step = steps_of(w)
    if w.whole or w.valued:
        _count_steps(w, n, column, goal)
    else:
        _count_shown(w, n, column)
    nodes = integers_at(w.nodes, w.n_columns * w.n_places * N_PLACE)
    if head == w.began or w.whole:
        nodes[((0 if w.whole else column) * w.n_places + step[0]) * N_PLACE + BEGINS] += 1
    last = ((0 if w.whole else column + n - 1) * w.n_places + step[n - 1]) * N_PLACE
    nodes[last + ENDS] += tail == w.left
    nodes[last + OPEN_ENDS] += tail == w.open


@njit(nogil=True)
def _count_shown(w: Walk, n: int, column: int) -> None:
    """Count places and the ways between them where neither goals nor money nor whole paths are asked for.

    It does what `_count_steps` does, without looking anything up twice: most of a scan's time goes into this.
    """
    run, step, time, whose = runs_of(w), steps_of(w), times_of(w), w.unit + 1
    n_places, width = w.n_places, w.streams.width
    nodes, columns = (
        integers_at(w.nodes, w.n_columns * n_places * N_PLACE),
        integers_at(w.columns, w.n_columns * 2),
    )
    ints = integers_at(w.streams.ints, w.streams.capacity * width)
    bins = small_integers_at(w.streams.bins, w.streams.capacity * N_BINS)
    source, begun = ZERO, ZERO
    for j in range(n):
        here, place, now = column + j, step[j], time[run[j]]
        at = (here * n_places + place) * N_PLACE
        nodes[at + TIMES] += 1
        if nodes[at + LAST_PERSON] != whose:
            nodes[at + LAST_PERSON] = whose
            nodes[at + PEOPLE] += 1
            if columns[here * 2 + 1] != whose:
                columns[here * 2 + 1] = whose
                columns[here * 2] += 1
        if j > 0:
            row = _row_of_way(w, ints, here - 1, source, place)
            bins[row * N_BINS + time_bin(now - begun)] += 1
            at = row * width
            ints[at + S_TIMES] += 1
            if ints[at + S_PERSON] != whose:
                ints[at + S_PERSON] = whose
                ints[at + S_PEOPLE] += 1
        source, begun = place, now


@njit(nogil=True, inline="always")
def _row_of_way(w: Walk, ints: Int64s, column: int, source: int, target: int) -> int:
    """Count a stream once and give its row: from a table where all that can be have room there."""
    key = ((column << PLACE_BITS | source) << PLACE_BITS) | target
    if w.n_ways == 0:
        return row_of(w.streams, key)
    ways = integers_at(w.ways, w.n_ways)
    way = (column * w.n_places + source) * w.n_places + target
    row = ways[way]
    if row < 0:
        row = ways[way] = row_of(w.streams, key)
    else:
        ints[row * w.streams.width + MASS] += 1
    return row  # type: ignore[no-any-return]


@njit(nogil=True)
def _count_steps(w: Walk, n: int, column: int, goal: int) -> None:
    """Count places and the ways between them, whatever is asked for."""
    run, step, time = runs_of(w), steps_of(w), times_of(w)
    for j in range(n):
        here = 0 if w.whole else column + j
        _count_place(w, here, step[j], goal >= run[j], j)
        if j > 0:
            _count_stream(
                w, max(here - 1, 0), step[j - 1], step[j], time[run[j]] - time[run[j - 1]], goal >= run[j], j
            )


@njit(nogil=True)
def _look_ahead(w: Walk, n: int, until: int) -> int:
    """Add up the money at or after each step; give the item of the last goal, -1 where there is none."""
    run, later = runs_of(w), later_of(w)
    mark, money = marks_of(w), money_of(w)
    goal, sum_, at = -1, 0.0, until - 1
    for back in range(n):
        j = n - 1 - back
        while at >= run[j]:
            sum_ += money[at]
            if goal < 0 and mark[at] & IS_GOAL:
                goal = at
            at -= 1
        later[j] = sum_
    return goal


@njit(nogil=True)
def _settle(floats: Floats, base: int, own_paths: int, own_reached: int) -> None:
    """Make one person's money and paths a draw of what stands at `base`."""
    push(floats[base + MONEY : base + MONEY + 3], floats[base])
    push_pair(floats[base + PAIRS : base + PAIRS + 6], float(own_reached), float(own_paths))
    floats[base] = 0.0


@njit(nogil=True)
def _count_place(w: Walk, column: int, place: int, reached: bool, j: int) -> None:
    size = w.n_columns * w.n_places
    nodes, row = integers_at(w.nodes, size * N_PLACE), column * w.n_places + place
    at = row * N_PLACE
    nodes[at + TIMES] += 1
    if w.whole:
        if nodes[at + LAST_PATH] == w.path:
            nodes[at + PASSES] += 1
            nodes[at + AGAIN] += nodes[at + PASSES] == 2
            return
        nodes[at + LAST_PATH], nodes[at + PASSES] = w.path, 1
        nodes[at + PATHS] += 1
    whose = w.unit + 1
    if nodes[at + LAST_PERSON] != whose:
        if w.valued and nodes[at + LAST_PERSON] > 0:
            floats = floats_at(w.node_floats, size * N_FLOATS)
            _settle(floats, row * N_FLOATS, nodes[at + OWN_PATHS], nodes[at + OWN_REACHED])
        nodes[at + LAST_PERSON] = whose
        nodes[at + OWN_PATHS] = nodes[at + OWN_REACHED] = 0
        nodes[at + PEOPLE] += 1
        _count_column(w, column)
    if w.valued:
        nodes[at + REACHED] += reached
        nodes[at + OWN_PATHS] += 1
        nodes[at + OWN_REACHED] += reached
        floats_at(w.node_floats, size * N_FLOATS)[row * N_FLOATS] += later_of(w)[j]


@njit(nogil=True, inline="always")
def _count_column(w: Walk, column: int) -> None:
    columns = integers_at(w.columns, w.n_columns * 2)
    if columns[column * 2 + 1] != w.unit + 1:
        columns[column * 2 + 1] = w.unit + 1
        columns[column * 2] += 1


@njit(nogil=True)
def _count_stream(w: Walk, column: int, source: int, target: int, took: int, reached: bool, j: int) -> None:
    key = ((column << PLACE_BITS | source) << PLACE_BITS) | target
    row = row_of(w.streams, key)
    bin_ = time_bin(took)
    small_integers_at(w.streams.bins, w.streams.capacity * N_BINS)[row * N_BINS + bin_] += 1
    ints, at = integers_at(w.streams.ints, w.streams.capacity * w.streams.width), row * w.streams.width
    ints[at + S_TIMES] += 1
    if w.whole:
        if ints[at + S_PATH] == w.path:
            return
        ints[at + S_PATH] = w.path
        ints[at + S_PATHS] += 1
    whose = w.unit + 1
    if ints[at + S_PERSON] != whose:
        if w.valued and ints[at + S_PERSON] > 0:
            floats = floats_at(w.streams.floats, w.streams.capacity * N_FLOATS)
            _settle(floats, row * N_FLOATS, ints[at + S_OWN_PATHS], ints[at + S_OWN_REACHED])
        ints[at + S_PERSON] = whose
        ints[at + S_OWN_PATHS] = ints[at + S_OWN_REACHED] = 0
        ints[at + S_PEOPLE] += 1
    if w.valued:
        ints[at + S_REACHED] += reached
        ints[at + S_OWN_PATHS] += 1
        ints[at + S_OWN_REACHED] += reached
        floats_at(w.streams.floats, w.streams.capacity * N_FLOATS)[row * N_FLOATS] += later_of(w)[j]


@njit(nogil=True)
def _key(w: Walk, n: int) -> int:
    """Give the whole path's number of 62 bits, from the names of its places."""
    step, hashes = steps_of(w), integers_at(w.hashes, w.n_places * 2)
    high, low = 0, 0
    for j in range(n):
        one = (high ^ hashes[step[j] * 2]) * _TURNS[0]
        other = (low ^ hashes[step[j] * 2 + 1]) * _TURNS[1]
        high, low = (one >> 31) ^ (one & LANE), (other >> 31) ^ (other & LANE)
    return high << 31 | low


@njit(nogil=True)
def _count_whole(w: Walk, n: int, goal: int) -> None:
    reached = w.valued > 0 and goal >= runs_of(w)[0]
    row = row_of(w.paths, _key(w, n))
    ints, at = integers_at(w.paths.ints, w.paths.capacity * w.paths.width), row * w.paths.width
    if ints[at + W_LENGTH] == 0:
        step = steps_of(w)
        ints[at + W_LENGTH] = n
        for j in range(min(n, SHOWN)):
            ints[at + W_WORDS + j // PER_WORD] |= step[j] << PLACE_BITS * (j % PER_WORD)
    ints[at + W_PATHS] += 1
    whose = w.unit + 1
    if ints[at + W_PERSON] != whose:
        if w.valued and ints[at + W_PERSON] > 0:
            floats = floats_at(w.paths.floats, w.paths.capacity * N_FLOATS)
            _settle(floats, row * N_FLOATS, ints[at + W_OWN_PATHS], ints[at + W_OWN_REACHED])
        ints[at + W_PERSON] = whose
        ints[at + W_OWN_PATHS] = ints[at + W_OWN_REACHED] = 0
        ints[at + W_PEOPLE] += 1
    if w.valued:
        ints[at + W_REACHED] += reached
        ints[at + W_OWN_PATHS] += 1
        ints[at + W_OWN_REACHED] += reached
        floats_at(w.paths.floats, w.paths.capacity * N_FLOATS)[row * N_FLOATS] += later_of(w)[0]
    _count_total(w, reached)


@njit(nogil=True)
def _count_total(w: Walk, reached: bool) -> None:
    totals, sums = integers_at(w.totals, N_TOTALS), floats_at(w.sums, N_FLOATS)
    totals[T_PATHS] += 1
    totals[T_REACHED] += reached
    if totals[T_PERSON] != w.unit + 1:
        if w.valued and totals[T_PERSON] > 0:
            _settle(sums, ZERO, totals[T_OWN_PATHS], totals[T_OWN_REACHED])
        totals[T_PERSON] = w.unit + 1
        totals[T_OWN_PATHS] = totals[T_OWN_REACHED] = 0
        totals[T_PEOPLE] += 1
    totals[T_OWN_PATHS] += 1
    totals[T_OWN_REACHED] += reached
    if w.valued:
        sums[0] += later_of(w)[0]


@njit(nogil=True)
def flush(w: Walk) -> None:
    """Make the last person's money and paths a draw, everywhere."""
    if not w.valued:
        return
    totals = integers_at(w.totals, N_TOTALS)
    if totals[T_PERSON] > 0:
        _settle(floats_at(w.sums, N_FLOATS), ZERO, totals[T_OWN_PATHS], totals[T_OWN_REACHED])
    size = w.n_columns * w.n_places
    nodes, floats = integers_at(w.nodes, size * N_PLACE), floats_at(w.node_floats, size * N_FLOATS)
    for row in range(size):
        at = row * N_PLACE
        if nodes[at + LAST_PERSON] > 0:
            _settle(floats, row * N_FLOATS, nodes[at + OWN_PATHS], nodes[at + OWN_REACHED])
    ints, width = integers_at(w.streams.ints, w.streams.capacity * w.streams.width), w.streams.width
    floats = floats_at(w.streams.floats, w.streams.capacity * N_FLOATS)
    for row in range(w.streams.n):
        _settle(floats, row * N_FLOATS, ints[row * width + S_OWN_PATHS], ints[row * width + S_OWN_REACHED])
    ints, width = integers_at(w.paths.ints, w.paths.capacity * w.paths.width), w.paths.width
    floats = floats_at(w.paths.floats, w.paths.capacity * N_FLOATS)
    for row in range(w.paths.n):
        _settle(floats, row * N_FLOATS, ints[row * width + W_OWN_PATHS], ints[row * width + W_OWN_REACHED])


@njit(nogil=True)
def _is_sought(w: Walk, n: int, column: int, head: int, tail: int) -> bool:
    if w.seeking == 2:
        return _key(w, n) == w.key  # type: ignore[no-any-return]
    step = steps_of(w)
    from_, to = integers_at(w.from_, w.n_places), integers_at(w.to, w.n_places)
    for j in range(-1, n):
        here = 0 if w.whole else column + j
        source = head if j < 0 else step[j]
        target = tail if j == n - 1 else step[j + 1]
        if (w.column == ANY_COLUMN or here == w.column) and from_[source] and to[target]:
            return True
    return False
