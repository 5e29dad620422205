"""Searches that look at sixteen times of a track at once.

Most units have a handful of events of a kind. To go through those one by one, a processor must guess where
to stop, and a wrong guess costs more than comparing sixteen times does. A search here has nothing to guess
for up to sixteen events, and goes on by sixteens for more.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped, unused-ignore]
from numba import config, njit, types  # type: ignore[attr-defined, unused-ignore]
from numba.extending import intrinsic

from obverse.measure.columns import AT_ONCE, integers_at, offset_address, reading_from, time_address
from obverse.measure.funnel_question import FOREVER
from obverse.tape.layout import Int64s

if config.DISABLE_JIT:  # type: ignore[attr-defined, unused-ignore]

    def _inside(address: int, low: int, span: int) -> int:
        times = integers_at(address, AT_ONCE)
        return sum(1 << lane for lane in range(AT_ONCE) if 0 <= int(times[lane]) - int(low) <= span)

    def lowest(bits: int) -> int:
        """Give the number of the lowest bit that is set, 64 where none is."""
        return (int(bits) & -int(bits)).bit_length() - 1 if bits else 64

    def _prefetch(_address: int) -> None:
        pass

else:

    @intrinsic  # type: ignore[untyped-decorator, unused-ignore]
    def _inside(_context: Any, _address: Any, _low: Any, _span: Any) -> Any:
        """Say which of the 16 integers at an address are in [low, low + span], as bits."""
        integer = ir.IntType(64)
        vector = ir.VectorType(integer, AT_ONCE)
        first_lane = ir.Constant(ir.VectorType(ir.IntType(32), AT_ONCE), [0] * AT_ONCE)

        def generate(_: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            def in_all_lanes(value: Any) -> Any:
                nothing = ir.Constant(vector, ir.Undefined)
                one = builder.insert_element(nothing, value, ir.Constant(ir.IntType(32), 0))
                return builder.shuffle_vector(one, nothing, first_lane)

            address, low, span = arguments
            read = builder.load(builder.inttoptr(address, vector.as_pointer()), align=8)
            since = builder.sub(read, in_all_lanes(low))  # wraps where a time is before low: then it is huge
            inside = builder.icmp_unsigned("<=", since, in_all_lanes(span))
            return builder.zext(builder.bitcast(inside, ir.IntType(AT_ONCE)), integer)

        return types.int64(types.int64, types.int64, types.int64), generate

    @intrinsic  # type: ignore[untyped-decorator, unused-ignore]
    def lowest(_context: Any, _bits: Any) -> Any:
        """Give the number of the lowest bit that is set, 64 where none is."""

        def generate(_: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

        return types.int64(types.int64), generate

    @intrinsic  # type: ignore[untyped-decorator, unused-ignore]
    def _prefetch(_context: Any, _address: Any) -> Any:
        """Ask the processor to bring what is at an address nearer."""
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, word, word, word])

        def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            function = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
            to_read, near, data = (ir.Constant(word, number) for number in (0, 3, 1))
            builder.call(function, [builder.inttoptr(arguments[0], byte), to_read, near, data])
            return context.get_dummy_value()

        return types.void(types.int64), generate


@njit(nogil=True, inline="always")
def within(table: Int64s, row: int, i: int, stop: int, low: int, span: int) -> int:
    """Say which of a track's times i … i + 15, before `stop`, are in [low, low + span]: bit k for time i + k.

    Args:
        table: of `obverse.measure.columns.Columns`.
        row: the track.
        i: index of an event, less than `stop`.
        stop: index after the last event wanted.
        low: least time wanted.
        span: from it to the greatest, 0 or more.
    """
    at = reading_from(table, row, i)
    found = _inside(time_address(table, row, at), low, span) >> (i - at)
    return found & ((1 << min(stop - i, AT_ONCE)) - 1)


@njit(nogil=True, inline="always")
def all_if(bits: int) -> int:
    """Give all bits where any of the lowest 16 is set, else none: to keep what is known of bits or drop it.

    A comparison says the same, but is compiled to a jump that the processor must guess.
    """
    return -((bits + 0xFFFF) >> 16)


@njit(nogil=True, inline="always")
def seek_by_lanes(table: Int64s, row: int, i: int, stop: int, earliest: int) -> int:
    """Give the first index from i on of a time of a track that is not before `earliest`, or stop.

    An i above `stop` counts as `stop`.
    """
    while i < stop:
        found = within(table, row, i, stop, earliest, 2 * FOREVER)
        if found != 0:
            return i + lowest(found)
        i += AT_ONCE
    return stop


@njit(nogil=True, inline="always")
def fetch_offset(table: Int64s, row: int, unit: int) -> None:
    """Have a track's offsets of a unit brought nearer, as they will be read soon."""
    _prefetch(offset_address(table, row, unit))


@njit(nogil=True, inline="always")
def fetch_time(table: Int64s, row: int, i: int) -> None:
    """Have a track's time at i brought nearer, as it will be read soon; i may be one after the last."""
    _prefetch(time_address(table, row, i))
