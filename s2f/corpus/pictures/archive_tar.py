"""Pictures in an uncompressed tar: its headers are read once, without what is between them, then any at once."""

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from s2f.corpus.labels import LabelFile
from s2f.corpus.pictures.members import Member, index_members, labels_of
from s2f.corpus.pictures.source import Entry, check_count, check_size
from s2f.corpus.pictures.tar_headers import NAME, SPARSE, SPARSE_NAME, DamageError, tar_headers
from s2f.media.failures import Failure
from s2f.runtime import InputError

COMPRESSED = {b"\x1f\x8b": "gunzip", b"BZh": "bunzip2", b"\xfd7zXZ": "unxz", b"\x28\xb5\x2f\xfd": "unzstd"}
FILES = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
PROBLEMS = {
    tarfile.LNKTYPE: "a link in an archive",
    tarfile.SYMTYPE: "a link in an archive",
    tarfile.GNUTYPE_SPARSE: "a sparse file; pack it without --sparse",
}
NO_FILE = "no file: a pipe, a device or something unknown"


class Extent(NamedTuple):
    """Where a member's content lies."""

    offset: int
    size: int


class TarSource:
    """A tar, sorted by path. Threads share its file, of which each reads where it wants."""

    readers = 4

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("rb", buffering=0)
        start = os.pread(self._file.fileno(), 6, 0)
        for magic, command in COMPRESSED.items():
            if start.startswith(magic):
                raise InputError(
                    f"portraits.source: {path} is compressed as a whole, so that one picture cannot be read without "
                    f"those before it; unpack it once ({command}), the pictures are compressed anyway."
                )
        self._index = index_members(_members(self._file.fileno(), path), path)

    def entries(self) -> Iterator[Entry]:
        """Pictures by their paths within the archive."""
        return iter(self._index.entries)

    def read(self, name: str) -> bytes:
        """A member's content."""
        extent = self._index.places.get(name)
        if extent is None:
            raise Failure("removed", f"{name} is not in {self._path.name}")
        check_size(name, extent.size)
        content = _read(self._file.fileno(), extent)
        if len(content) != extent.size:
            raise Failure("corrupt", f"{name}: {self._path.name} ends after {len(content)} of its {extent.size} bytes")
        return content

    def labels(self) -> LabelFile | None:
        """`labels.csv` beside the archive, else at its top."""
        return labels_of(self._path, self._index, self.read)


def _read(descriptor: int, extent: Extent) -> bytes:
    """An extent's bytes, or what there is of them; the system may give them in pieces."""
    pieces, at, end = [], extent.offset, sum(extent)
    while at < end and (piece := os.pread(descriptor, end - at, at)):
        pieces.append(piece)
        at += len(piece)
    return b"".join(pieces)


def _members(descriptor: int, path: Path) -> Iterator[Member[Extent]]:
    """Every file in the archive, in its order; the last one names the damage where it cannot be followed to its end.

    Raises:
        InputError: no header stands at its start, or it has more members than can be planned.
    """
    try:
        for number, (start, header, more) in enumerate(tar_headers(descriptor)):
            check_count(number, path)
            if header.type == tarfile.DIRTYPE:
                continue
            name = more.get(SPARSE_NAME, more.get(NAME, header.name))
            problem = None if header.type in FILES else PROBLEMS.get(header.type, NO_FILE)
            if SPARSE & more.keys():
                problem = PROBLEMS[tarfile.GNUTYPE_SPARSE]
            yield Member(name, Extent(start, header.size), problem)
    except DamageError as error:
        if error.offset == 0:
            raise InputError(f"portraits.source: {path} is no tar that can be read ({error.why}).") from None
        why = f"the archive is damaged here ({error.why}); what follows cannot be found"
        yield Member(f"{path.name} at byte {error.offset}", Extent(0, 0), why, is_damage=True)
