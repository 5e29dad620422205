"""The Delta log on the local disk: opening it with care, and getting its commits onto the disk.

The Delta library writes a commit atomically but leaves it to the operating system when it reaches the
disk. The inbox forgets what the lake has, so a commit must be synced first: that is done here.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, DeltaProtocolError, TableNotFoundError

from obverse.errors import DataError
from obverse.event import SCHEMA
from obverse.lake.datafile import sync

FORMAT = 1
"""Version of the table's layout, kept in its configuration. A later one is refused, never written to."""

CONFIGURATION = {
    "obverse.format": str(FORMAT),
    "delta.dataSkippingStatsColumns": "seq,time",
    "delta.logRetentionDuration": "interval 2 hours",
    "delta.deletedFileRetentionDuration": "interval 1 hours",
    "delta.checkpointInterval": "1000000",  # checkpoints are made, and synced, by `EventTable`
    "delta.enableExpiredLogCleanup": "false",  # so is the log's cleaning
}

log = logging.getLogger("obverse.lake")


class DeltaLog:
    """The directory ``_delta_log`` of a table."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / "_delta_log"
        self._synced: int | None = None

    def commit(self, version: int) -> Path:
        """File of one version's commit."""
        return self.path / f"{version:020d}.json"

    def open(self) -> DeltaTable:
        """Open the table at its last version.

        Raises:
            DataError: there is none, it is damaged, or of a later format; nothing was written.
        """
        try:
            delta = DeltaTable(str(self.root))
            found = delta.metadata().configuration.get("obverse.format")
            names = [field.name for field in delta.schema().fields]
        except TableNotFoundError as error:
            raise DataError(f"no lake at {self.root}, or its log is gone; nothing was written") from error
        except DeltaProtocolError as error:
            raise DataError(f"the lake at {self.root} needs a later version: {error}") from error
        except (DeltaError, OSError, ValueError) as error:
            raise DataError(
                f"the log of the lake at {self.root} is damaged; nothing was written: {error}"
            ) from error
        self._check(found, names)
        return delta

    def _check(self, found: str | None, names: list[str]) -> None:
        if found is None:
            raise DataError(f"the Delta table at {self.root} was not made by Obverse; nothing was written")
        if not found.isdecimal() or int(found) > FORMAT:
            raise DataError(
                f"the lake at {self.root} has format {found!r}, this Obverse knows up to {FORMAT}; "
                "nothing was written. Use the version that made it, or a later one."
            )
        if names != SCHEMA.names:
            raise DataError(f"the lake at {self.root} has columns {names}, expected {SCHEMA.names}")

    def create(self) -> DeltaTable:
        """Make an empty table where there is none.

        Raises:
            DataError: there are files of a table whose log is gone.
        """
        if any(self.root.glob("day=*/*.parquet")) or any(self.path.glob("*.json")):
            raise DataError(f"{self.root} holds files but no readable Delta log; nothing was written")
        self.root.mkdir(parents=True, exist_ok=True)
        delta = DeltaTable.create(
            str(self.root),
            SCHEMA,
            partition_by=["day"],
            configuration=CONFIGURATION,
            raise_if_key_not_exists=False,
        )
        for folder in (self.root.parent, self.root):
            sync(folder)
        return delta

    def exists(self) -> bool:
        """Tell whether a table is here."""
        return DeltaTable.is_deltatable(str(self.root))

    def moved(self, version: int) -> bool:
        """Tell by two file names whether there may be a version after this one."""
        return self.commit(version + 1).exists() or not self.commit(version).exists()

    def sync(self, version: int) -> None:
        """Wait until all commits up to a version are on disk."""
        first = version if self._synced is None else self._synced + 1
        if first > version:
            return
        for number in range(first, version + 1):
            sync(self.commit(number))
        sync(self.path)
        self._synced = version

    def sync_checkpoint(self, version: int) -> None:
        """Wait until a checkpoint, and the pointer to it, are on disk."""
        sync(self.path / f"{version:020d}.checkpoint.parquet")
        sync(self.path / "_last_checkpoint")
        sync(self.path)

    def set_torn_aside(self) -> None:
        """Put the last commit or checkpoint aside where a power cut left it half on disk.

        Each commit of events is synced before the next begins and before the inbox forgets them, so only what
        came last can be torn, and the events in it are still in the inbox.
        """
        for checkpoint in sorted(self.path.glob("*.checkpoint.parquet"))[-1:]:
            if not _ends_with(checkpoint, b"PAR1"):
                checkpoint.rename(checkpoint.with_suffix(".parquet.torn"))
                (self.path / "_last_checkpoint").unlink(missing_ok=True)
        commits = sorted(self.path.glob("*.json"))[-4:]
        torn = next((at for at, commit in enumerate(commits) if not _whole(commit)), None)
        if torn is None or any(b'"add"' in commit.read_bytes() for commit in commits[torn + 1 :]):
            return
        for commit in reversed(commits[torn:]):
            aside = commit.with_suffix(".json.torn")
            commit.rename(aside)
            log.warning("a commit cut short by a crash is set aside as %s; its events come again", aside)
        sync(self.path)


def _whole(commit: Path) -> bool:
    text = commit.read_bytes()
    try:
        json.loads(text.rstrip(b"\n").rpartition(b"\n")[2])
    except ValueError:
        return False
    return True


def _ends_with(file: Path, mark: bytes) -> bool:
    return file.read_bytes()[-len(mark) :] == mark
