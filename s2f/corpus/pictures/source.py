"""Where pictures come from: anything that names them in a fixed order and gives the bytes of one.

Folder, zip, tar and Parquet look the same from here, so that one picture makes the same row whichever of them holds it.
What is read may be anyone's: nothing is written, nothing outside the source is read, and no more than `MOST_BYTES` at
once.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from s2f.corpus.labels import LabelFile
from s2f.media.failures import Failure
from s2f.runtime import InputError

MOST_BYTES = 256 * 2**20  # of one picture; an uncompressed one of `faces.images.MOST_PIXELS` has 192 MiB
MOST_PICTURES = 3_000_000  # forty times FFHQ, a gigabyte of names; a file may claim more than any memory holds


class Stamp(NamedTuple):
    """What tells, without reading it, that a file is still the one it was."""

    size: int
    mtime_ns: int


class Entry(NamedTuple):
    """A picture of a source, not yet read."""

    name: str  # no other entry of the source has it
    stamp: Stamp  # of the file that holds it: its own, or its archive's
    problem: str | None = None  # why it will not even be tried: its name, or what stands under it


class PictureSource(Protocol):
    """A collection of pictures. Made once per process, used by any number of its threads."""

    @property
    def readers(self) -> int:
        """How many threads may usefully read at the same time."""

    def entries(self) -> Iterator[Entry]:
        """All pictures in the source's order, which is the same each time.

        Raises:
            InputError: it cannot be read at all.
        """

    def read(self, name: str) -> bytes:
        """The content of a picture that `entries` named without a problem.

        Raises:
            Failure: removed, forbidden, too_large, corrupt or bad_row.
            OSError: a disk that fails.
        """

    def labels(self) -> LabelFile | None:
        """Its `labels.csv`: what lies in the folder, or beside the archive, else what the archive holds at its top.

        Raises:
            InputError: it is damaged.
        """


def stamp_of(path: Path) -> Stamp:
    """A file's stamp; links are followed."""
    stat = path.stat()
    return Stamp(stat.st_size, stat.st_mtime_ns)


def check_size(name: str, size: int) -> None:
    """Refuse what is more than a picture, before it is read.

    Raises:
        Failure: too_large.
    """
    if size > MOST_BYTES:
        raise Failure("too_large", f"{name}: {size:,} bytes, {MOST_BYTES:,} are the most")


def check_count(pictures: int, path: Path) -> None:
    """Refuse a source that claims more than can be planned.

    Raises:
        InputError: more than `MOST_PICTURES`.
    """
    if pictures > MOST_PICTURES:
        raise InputError(f"portraits.source: {path} names more than {MOST_PICTURES:,} pictures; divide it.")
