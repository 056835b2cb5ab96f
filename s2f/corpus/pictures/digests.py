"""What is in each picture, as a sha256, without reading 90 GB again at every plan.

A digest is remembered with the picture's name, and the size and modification time of the file that holds it. A file
that was changed under the same name, size and time to the nanosecond is the one thing that is not noticed: delete the
file of digests (`cache_file`; the log names it) and all is read again. What is remembered decides how long a plan
takes, and nothing else.
"""

import hashlib
import logging
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from s2f.corpus.pictures.source import Entry, PictureSource, Stamp
from s2f.dataset.shards import replace_file
from s2f.media.failures import Failure

SCHEMA = pa.schema([("name", pa.string()), ("size", pa.int64()), ("mtime_ns", pa.int64()), ("sha256", pa.string())])
CACHE = Path("data", "cache")  # beside params.yaml; no stage's output, so nothing turns stale with it
WINDOW = 1024  # pictures given to the threads at a time
SAVE_EVERY = 10_000  # newly read pictures: what a kill may cost, some minutes
TOO_NEW_NS = 2_000_000_000  # a file written just now may be written again within the same tick of its clock

Known = dict[str, tuple[Stamp, str]]

logger = logging.getLogger(__name__)


def digests(source: PictureSource, entries: Sequence[Entry], file: Path | None) -> Iterator[str | None]:
    """Hex sha256 of each picture's content, in order; None for what cannot be read or is not to be.

    `file` is where they are remembered from plan to plan, None for nowhere.
    """
    known = _load(file)
    now, unsaved, read = time.time_ns(), 0, 0
    try:
        with ThreadPoolExecutor(source.readers) as pool:
            for start in range(0, len(entries), WINDOW):
                window = entries[start : start + WINDOW]
                found = [_known(known, entry) for entry in window]
                missing = [entry for entry, sha256 in zip(window, found, strict=True) if _is_missing(entry, sha256)]
                fresh = dict(zip(missing, pool.map(lambda entry: _digest(source, entry.name), missing), strict=True))
                for entry, sha256 in fresh.items():
                    if sha256 is not None and abs(now - entry.stamp.mtime_ns) > TOO_NEW_NS:
                        known[entry.name] = entry.stamp, sha256
                        unsaved += 1
                read += len(fresh)
                if unsaved >= SAVE_EVERY:
                    unsaved = _save(file, known)
                    logger.info("%d of %d pictures are known by their contents.", start + len(window), len(entries))
                for entry, sha256 in zip(window, found, strict=True):
                    yield sha256 or fresh.get(entry)
    finally:
        if unsaved and file is not None:
            _save(file, known)
            logger.info("%d pictures were read to know them by their contents; %s remembers them.", read, file)


def cache_file(folder: Path | None, source: Path) -> Path | None:
    """Where a source's digests are remembered; one file for each source, named after it."""
    if folder is None:
        return None
    place = hashlib.sha256(str(source.absolute()).encode("utf-8", "surrogateescape")).hexdigest()
    return folder / f"{source.name[:60]}-{place[:12]}.parquet"


def _known(known: Known, entry: Entry) -> str | None:
    stamp, sha256 = known.get(entry.name, (None, None))
    return sha256 if stamp == entry.stamp else None


def _is_missing(entry: Entry, sha256: str | None) -> bool:
    return sha256 is None and entry.problem is None


def _digest(source: PictureSource, name: str) -> str | None:
    try:
        return hashlib.sha256(source.read(name)).hexdigest()
    except (Failure, OSError):  # it comes again when the picture is tried, and is its end in the ledger
        return None


def _load(file: Path | None) -> Known:
    """What is remembered; nothing where that cannot be read."""
    if file is None or not file.is_file():
        return {}
    try:
        columns = pq.read_table(file, schema=SCHEMA).to_pydict().values()
        return {name: (Stamp(size, time), sha256) for name, size, time, sha256 in zip(*columns, strict=True)}
    except (OSError, pa.ArrowException) as error:
        logger.warning("%s cannot be read and is made anew: %s", file, error)
        return {}


def _save(file: Path | None, known: Known) -> int:
    """Remember, as a whole or not at all; 0, what is left to be saved."""
    if file is None:
        return 0
    columns = [
        list(known),
        [stamp.size for stamp, _ in known.values()],
        [stamp.mtime_ns for stamp, _ in known.values()],
        [sha256 for _, sha256 in known.values()],
    ]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns, schema=SCHEMA), sink, compression="zstd")
    try:
        replace_file(file, sink.getvalue().to_pybytes())
    except OSError as error:  # a full disk, or one that may not be written to
        logger.warning("%s cannot be written, so the next plan reads all again: %s", file, error)
    return 0
