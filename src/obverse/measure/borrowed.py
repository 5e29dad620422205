"""Arrays that a scan borrows instead of holding.

Numba counts references to each array of each tuple at each call of an inner function, and threads that scan
the same arrays wait for each other's counting: it cost most of a scan's time where tuples have many arrays.
"""

from __future__ import annotations

from typing import Any, cast

from numba import config, types  # type: ignore[attr-defined, unused-ignore]
from numba.extending import intrinsic


def _borrow(typing_context: Any, held: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return _uncounted(context, builder, signature.args[0], given[0])

    return held(held), generate


def _uncounted(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    if isinstance(kind, types.Array):
        array = context.make_array(kind)(context, builder, value)
        for name in ("meminfo", "parent"):
            setattr(array, name, getattr(array, name).type(None))
        return array._getvalue()
    if isinstance(kind, types.BaseTuple):
        for place, inner in enumerate(cast("Any", kind)):
            part = _uncounted(context, builder, inner, builder.extract_value(value, place))
            value = builder.insert_value(value, part, place)
    return value


def _itself(held: Any) -> Any:
    return held


borrowed: Any = _itself if config.DISABLE_JIT else intrinsic(_borrow)  # type: ignore[attr-defined, unused-ignore]
"""Give an array, or a tuple of arrays, numbers and tuples, without a count of references, inside a kernel.

The caller must hold what it gives for as long as the result is used; an entry point holds its arguments until
it returns.
"""
