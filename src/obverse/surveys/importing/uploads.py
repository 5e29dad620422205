"""Files of answers that were sent to the server and not imported yet: kept for a day, and not many."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from obverse.errors import NotFoundError, QuestionError

LASTS_S = 86_400
"""An upload is deleted when it is older, in seconds."""
MOST = 10
"""With more, the oldest are deleted."""
_SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".sav", ".zsav", ".por", ".gz")


class Uploads:
    """The uploads of a data folder.

    Args:
        folder: where they lie; made when the first comes.
        clock: seconds since 1970.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock

    def keep(self, name: str, content: IO[bytes], most_bytes: int) -> str:
        """Keep a file and give its key.

        Args:
            name: as its sender calls it; only shown.
            content: read to its end.
            most_bytes: it may not be larger.

        Raises:
            QuestionError: it is empty or too large.
        """
        self.tidy()
        key = secrets.token_hex(16)
        place = self._folder / key
        place.mkdir(parents=True, mode=0o700)
        name = Path(name.replace("\\", "/")).name.replace("\0", "")[:120] or "answers"
        suffix = next((one for one in _SUFFIXES if name.lower().endswith(one)), "")
        try:
            (place / "name").write_text(name, errors="replace")
            with (place / f"answers{suffix}").open("wb") as out:
                n_bytes = _copy(content, out, most_bytes)
            if n_bytes > most_bytes:
                raise QuestionError(
                    f"{name} is larger than {most_bytes >> 20} MiB, the setting upload_bytes; "
                    "import it with the command, or raise the setting"
                )
            if not n_bytes:
                raise QuestionError("choose a file; none came, or an empty one")
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        return key

    def find(self, key: str) -> tuple[Path, str]:
        """Give an upload's file and the name that its sender calls it.

        Raises:
            NotFoundError: there is none, or no more.
        """
        place = self._folder / key
        known = len(key) == 32 and key.isalnum() and place.is_dir()
        if not known or self._clock() - place.stat().st_mtime > LASTS_S:
            raise NotFoundError("this upload is not kept any more; upload the file again")
        return next(place.glob("answers*")), (place / "name").read_text()

    def forget(self, key: str) -> None:
        """Delete an upload."""
        path, _ = self.find(key)
        shutil.rmtree(path.parent, ignore_errors=True)

    def tidy(self) -> None:
        """Delete what is too old or too many."""
        places = sorted(self._folder.glob("*"), key=lambda one: -one.stat().st_mtime)
        for number, place in enumerate(places, start=1):
            if number >= MOST or self._clock() - place.stat().st_mtime > LASTS_S:
                shutil.rmtree(place, ignore_errors=True)


def _copy(content: IO[bytes], out: IO[bytes], most_bytes: int) -> int:
    n_bytes = 0
    while n_bytes <= most_bytes and (block := content.read(1 << 20)):
        n_bytes += len(block)
        out.write(block)
    return n_bytes
