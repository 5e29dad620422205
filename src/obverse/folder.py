"""The data folder: where each thing that Obverse keeps lies, and which version of it wrote that."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from obverse.errors import DataError

FORMAT = 1
"""Version of the folder's layout. A folder of a later one is refused, never rewritten."""


@dataclass(frozen=True)
class Folder:
    """A data folder's paths.

    ``settings.db`` holds keys, users and settings; ``inbox.db`` what is accepted but not yet in the lake;
    ``seen.db`` the message ids of the last 30 days; ``askings.db`` who was asked which survey;
    ``anonymous.db`` answers to anonymous surveys that wait for others; ``lake/`` the Delta table of events,
    which is the truth; ``tape/`` only what can be made again from the lake.
    """

    root: Path

    @classmethod
    def open(cls, root: str | os.PathLike[str], create: bool = False) -> Folder:
        """Open a folder, checking its mark; with `create`, make one where there is none.

        Raises:
            DataError: it is missing (without `create`), is not a data folder, or is of a later format.
        """
        folder = cls(Path(root).expanduser().resolve())
        if folder.mark.exists():
            folder._check()
            return folder
        if not create:
            raise DataError(f"no data folder at {folder.root}; `obverse serve --data {root}` makes one")
        if folder.root.exists() and any(folder.root.iterdir()):
            raise DataError(
                f"{folder.root} is neither empty nor a data folder of Obverse; nothing was written"
            )
        folder.root.mkdir(parents=True, exist_ok=True)
        folder.mark.write_text(json.dumps({"format": FORMAT}) + "\n")
        return folder

    def _check(self) -> None:
        try:
            found = json.loads(self.mark.read_text())["format"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{self.mark} cannot be read ({error}); nothing was written") from error
        if not isinstance(found, int) or found > FORMAT:
            raise DataError(
                f"{self.root} has format {found!r}, this version of Obverse knows up to {FORMAT}; "
                "nothing was written. Use the version that made it, or a later one."
            )

    def lock(self) -> IO[str]:
        """Take the folder for this process alone, as one that writes must; closing the result gives it back.

        Raises:
            DataError: another process has it.
        """
        handle = (self.root / "lock").open("a+")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            owner = handle.read().strip() or "unknown"
            handle.close()
            raise DataError(f"{self.root} is in use by process {owner}; stop it first") from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        return handle

    @property
    def mark(self) -> Path:
        """File that says this is a data folder, and its format."""
        return self.root / "obverse.json"

    @property
    def settings(self) -> Path:
        """SQLite: write keys, users, sessions, settings."""
        return self.root / "settings.db"

    @property
    def inbox(self) -> Path:
        """SQLite: accepted batches on their way to the lake, and the ledger of what was refused."""
        return self.root / "inbox.db"

    @property
    def seen(self) -> Path:
        """SQLite: message ids already in the lake."""
        return self.root / "seen.db"

    @property
    def askings(self) -> Path:
        """SQLite: who was asked which survey and when, and why others were not."""
        return self.root / "askings.db"

    @property
    def anonymous(self) -> Path:
        """SQLite: answers to anonymous surveys that wait for others to go on with."""
        return self.root / "anonymous.db"

    @property
    def events(self) -> Path:
        """Delta table of all events."""
        return self.root / "lake" / "events"

    @property
    def tape(self) -> Path:
        """Cache of tapes; may be deleted at any time."""
        return self.root / "tape"
