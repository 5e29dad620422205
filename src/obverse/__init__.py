"""Obverse: experience analytics on one timeline.

```python
import obverse

with obverse.open("obverse-data") as lake:
    answer = lake.ask(obverse.Funnel.parse("Product Viewed > Order Completed", within="7d"))
```
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:
    from obverse.engine.local import Lake
    from obverse.engine.spark.lake import SparkLake
    from obverse.measure.funnel import Funnel
    from obverse.measure.overview import Overview

__all__ = ["Funnel", "Lake", "Overview", "open"]

_WHERE = {
    "Funnel": "obverse.measure.funnel",
    "Overview": "obverse.measure.overview",
    "Lake": "obverse.engine.local",
}


@overload
def open(path: str | os.PathLike[str], *, engine: Literal["local"] = ..., **options: Any) -> Lake: ...  # noqa: A001 - as below


@overload
def open(path: Any, *, engine: Literal["spark"], **options: Any) -> SparkLake: ...  # noqa: A001 - as below


def open(path: Any, *, engine: str = "local", **options: Any) -> Lake | SparkLake:  # noqa: A001 - as one opens a file
    """Open the lake of a data folder, to ask questions of; a server may be filling it meanwhile.

    Args:
        path: the data folder; on Spark also a table, see there.
        engine: ``local``: on the threads of this process; ``spark``: on a cluster, with the extra ``spark``.
        options: of `obverse.engine.local.Lake.open` or `obverse.engine.spark.lake.SparkLake.open`.

    Raises:
        QuestionError: there is no such engine.
        DataError: it is no data folder, damaged, or of a later version.
        MissingExtraError: the engine is not installed.
    """
    if engine == "local":
        from obverse.engine.local import Lake

        return Lake.open(path, **options)
    if engine == "spark":
        from obverse.engine.spark.lake import SparkLake

        return SparkLake.open(path, **options)
    from obverse.errors import QuestionError, unknown

    raise QuestionError(unknown("engine", engine, ("local", "spark")))


def __getattr__(name: str) -> Any:
    """Import what is named when it is first used: questions without an engine, commands without either."""
    if name not in _WHERE:
        raise AttributeError(f"module 'obverse' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_WHERE[name]), name)
