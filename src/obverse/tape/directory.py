"""The directory of ids: which user ids, anonymous ids and e-mail addresses came under each stream.

A small lake is asked directly. Of a large one the distinct ids are kept in one Parquet file beside the reels,
made in the background when people are first looked up and again when the lake has grown by a quarter; what
came since is read from the lake.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake import DeltaTable

from obverse.errors import DataError
from obverse.tape.memory import give_back
from obverse.tape.reading import Reader

MANY_EVENTS = 2_000_000
"""Events that are asked directly."""

MEMORY = "512MB"
_FORMAT = 2
_IDS = (
    "SELECT DISTINCT stream, user_id, anonymous_id, CASE WHEN type = 'identify' "
    "THEN lower(json_extract_string(properties, '/email')) END AS email FROM {source}"
)
log = logging.getLogger("obverse.tape")


class Directory:
    """Looks ids up; where it may not write, or until the file is there, in the lake itself.

    Args:
        reader: of the lake.
        path: directory to keep the file in, None to keep none.

    Attributes:
        lake: the lake's id.
        maker: thread that writes the file, if one was started.
    """

    def __init__(self, reader: Reader, path: Path | None) -> None:
        self._reader = reader
        self._path = path
        self.lake = lake = str(DeltaTable(str(reader.table.root)).metadata().id)
        self._prefix = f"ids{_FORMAT}-{lake}-"
        self._making = threading.Lock()
        self.maker: threading.Thread | None = None

    def ask(self, sql: str, params: Mapping[str, object]) -> pa.Table:
        """Run a query with ``{ids}`` for rows of stream, user_id, anonymous_id and email (in lower case)."""
        kept = self._kept()
        if self._due(kept[1] if kept else 0):
            self.maker = threading.Thread(target=self.make, name="obverse-tape-ids", daemon=True)
            self.maker.start()
        if kept:
            ids = f"(SELECT * FROM read_parquet($ids) UNION ALL ({_IDS}))"  # noqa: S608 - ours
            try:
                return self._reader.arrow(sql.format(ids=ids), {**params, "ids": str(kept[0])}, kept[1])
            except (duckdb.Error, DataError) as error:
                log.warning("the directory of ids is made anew: %s", error)
                self.forget()
        return self._reader.arrow(sql.format(ids=f"({_IDS})"), params)

    def make(self) -> None:
        """Write the file anew, unless another thread is at it or there is no room or right to."""
        if self._path is None or not self._making.acquire(blocking=False):
            return
        try:
            self._make(self._path)
        except (OSError, duckdb.Error) as error:
            log.warning("no directory of ids is kept: %s", error)
        finally:
            self._making.release()
            give_back()

    def forget(self, but: Path | None = None) -> None:
        """Delete the file: events were deleted from the lake, or it is damaged, or there is a newer one."""
        for path in self._path.glob("ids*") if self._path else ():
            if path != but:
                path.unlink(missing_ok=True)

    def _make(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        snapshot = self._reader.table.snapshot
        part = folder / f"{self._prefix}{secrets.token_hex(8)}.part"
        source = "read_parquet($files, hive_partitioning = false)"
        scratch = str(folder / "scratch")
        with duckdb.connect(config={"threads": 1, "memory_limit": MEMORY, "temp_directory": scratch}) as con:
            con.execute(
                f"COPY ({_IDS.format(source=source)} ORDER BY stream) TO '{_quoted(part)}' (FORMAT parquet)",
                {"files": [file.path for file in snapshot.files]},
            )
        path = folder / f"{self._prefix}{snapshot.last_seq}-{snapshot.n_events}-{snapshot.rewritten}.parquet"
        part.replace(path)
        self.forget(but=path)

    def _due(self, covered: int) -> bool:
        came = self._reader.table.snapshot.last_seq - covered
        busy = self.maker is not None and self.maker.is_alive()
        return self._path is not None and not busy and came > max(MANY_EVENTS, covered // 4)

    def _kept(self) -> tuple[Path, int] | None:
        """Find the file, if no event was deleted or changed since, and up to which seq it goes."""
        snapshot = self._reader.table.snapshot
        for path in self._path.glob(f"{self._prefix}*.parquet") if self._path else ():
            last_seq, n_events, rewritten = path.stem.removeprefix(self._prefix).split("-")
            came = snapshot.last_seq - int(last_seq)
            if came == snapshot.n_events - int(n_events) >= 0 and rewritten == snapshot.rewritten:
                return path, int(last_seq)
        return None


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
