"""Obverse: experience analytics on one timeline.

```python
import obverse

with obverse.open("obverse-data") as lake:
    answer = lake.ask(obverse.Funnel.parse("Product Viewed > Order Completed", within="7d"))
```
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from obverse.engine.local import Lake
    from obverse.measure.funnel import Funnel
    from obverse.measure.overview import Overview

__all__ = ["Funnel", "Lake", "Overview", "open"]

_WHERE = {
    "Funnel": "obverse.measure.funnel",
    "Overview": "obverse.measure.overview",
    "Lake": "obverse.engine.local",
}


def open(path: str | os.PathLike[str], **options: Any) -> Lake:  # noqa: A001 - as one opens a file
    """Open the lake of a data folder, to ask questions of; a server may be filling it meanwhile.

    Args:
        path: the data folder.
        options: of `obverse.engine.local.Lake.open`.

    Raises:
        DataError: it is no data folder, damaged, or of a later version.
    """
    from obverse.engine.local import Lake

    return Lake.open(path, **options)


def __getattr__(name: str) -> Any:
    """Import what is named when it is first used: questions without an engine, commands without either."""
    if name not in _WHERE:
        raise AttributeError(f"module 'obverse' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_WHERE[name]), name)
