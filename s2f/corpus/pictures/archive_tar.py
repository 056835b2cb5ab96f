"""Pictures in an uncompressed tar: its headers are read once, without what is between them, then any picture at once.

The headers are followed here, and only parsed by the library: it would read a name of any length into memory, and run
in circles where a size is negative.
"""

import os
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from s2f.corpus.labels import LabelFile
from s2f.corpus.pictures.members import Member, index_members, labels_of
from s2f.corpus.pictures.source import Entry, check_count, check_size
from s2f.media.failures import Failure
from s2f.runtime import InputError

BLOCK = tarfile.BLOCKSIZE
END = bytes(BLOCK)
MOST_HEADER = 2**20  # bytes of one long name, or of one set of pax records
COMPRESSED = {b"\x1f\x8b": "gunzip", b"BZh": "bunzip2", b"\xfd7zXZ": "unxz", b"\x28\xb5\x2f\xfd": "unzstd"}
FILES = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
WITHOUT_CONTENT = (  # whatever their size says
    tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE
)  # fmt: skip
PROBLEMS = {
    tarfile.LNKTYPE: "a link in an archive",
    tarfile.SYMTYPE: "a link in an archive",
    tarfile.GNUTYPE_SPARSE: "a sparse file; pack it without --sparse",
}
PAX = re.compile(rb"(\d{1,9}) ([^=]+)=")
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


class _DamageError(Exception):
    """Where the headers cannot be followed any further, and why."""

    def __init__(self, offset: int, why: str) -> None:
        super().__init__(offset, why)
        self.offset = offset
        self.why = why


def _members(descriptor: int, path: Path) -> Iterator[Member[Extent]]:
    """Every file in the archive, in its order; the last one names the damage where it cannot be followed to its end.

    Raises:
        InputError: no header stands at its start, or it has more members than can be planned.
    """
    try:
        for number, (start, header, more) in enumerate(_headers(descriptor)):
            check_count(number, path)
            if header.type == tarfile.DIRTYPE:
                continue
            name = more.get("GNU.sparse.name", more.get("path", header.name))
            problem = None if header.type in FILES else PROBLEMS.get(header.type, NO_FILE)
            if any(key.startswith("GNU.sparse.") for key in more):
                problem = PROBLEMS[tarfile.GNUTYPE_SPARSE]
            yield Member(name, Extent(start, header.size), problem)
    except _DamageError as error:
        if error.offset == 0:
            raise InputError(f"portraits.source: {path} is no tar that can be read ({error.why}).") from None
        why = f"the archive is damaged here ({error.why}); what follows cannot be found"
        yield Member(f"{path.name} at byte {error.offset}", Extent(0, 0), why, is_damage=True)


def _headers(descriptor: int) -> Iterator[tuple[int, tarfile.TarInfo, dict[str, str]]]:
    """(start of its content, header, what pax and GNU records before it said) of each member.

    Raises:
        _DamageError: what stands in a header's place is none.
    """
    end = os.fstat(descriptor).st_size
    offset = 0
    more: dict[str, str] = {}
    while offset < end and (block := os.pread(descriptor, BLOCK, offset)) != END:
        start = offset + BLOCK
        try:
            header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
            records = _records(descriptor, start, header)
            if records is None:
                header.size = int(more.get("size", header.size))
            if header.size < 0:
                raise ValueError("a negative size")
        except (tarfile.HeaderError, ValueError) as error:
            raise _DamageError(offset, str(error)) from None
        if records is None:
            yield start, header, more
        more = more | records if records else {} if records is None else more
        offset = start + (0 if header.type in WITHOUT_CONTENT else _padded(header.size))


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _records(descriptor: int, start: int, header: tarfile.TarInfo) -> dict[str, str] | None:
    """What a header says of the member after it; None where it is a member's own."""
    if header.type in (tarfile.XGLTYPE, tarfile.GNUTYPE_LONGLINK):
        return {}
    if header.type not in (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME):
        return None
    if header.size > MOST_HEADER:
        raise ValueError(f"a header of {header.size:,} bytes")
    content = os.pread(descriptor, max(header.size, 0), start)
    if header.type == tarfile.GNUTYPE_LONGNAME:
        return {"path": _text(content.split(b"\0")[0])}
    return _pax(content)


def _pax(content: bytes) -> dict[str, str]:
    """Records, each "length key=value" and a newline; the length counts all of it."""
    records = {}
    at = 0
    while (found := PAX.match(content, at)) is not None:
        end = at + int(found[1])
        if not found.end() < end <= len(content):
            raise ValueError("a record of the wrong length")
        records[_text(found[2])] = _text(content[found.end() : end - 1])
        at = end
    return records


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
