"""The headers of a tar, one after the other, without what is between them.

They are followed here, and only parsed by the library: it would read a name of any length into memory, and run in
circles where a size is negative.
"""

import os
import re
import tarfile
from collections.abc import Iterator

BLOCK = tarfile.BLOCKSIZE
END = bytes(BLOCK)
MOST_HEADER = 2**20  # bytes of one long name, or of one set of pax records
PAX = re.compile(rb"(\d{1,9}) ([^=]+)=")
NAME, SIZE, SPARSE_NAME = "path", "size", "GNU.sparse.name"
SPARSE = {SPARSE_NAME, "GNU.sparse.major", "GNU.sparse.size", "GNU.sparse.map"}  # some of them in every version
WITHOUT_CONTENT = (  # whatever their size says
    tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE
)  # fmt: skip


class DamageError(Exception):
    """Where the headers cannot be followed any further, and why."""

    def __init__(self, offset: int, why: str) -> None:
        super().__init__(offset, why)
        self.offset = offset
        self.why = why


def tar_headers(descriptor: int) -> Iterator[tuple[int, tarfile.TarInfo, dict[str, str]]]:
    """(start of its content, header, what pax and GNU records before it said) of each member.

    Raises:
        DamageError: what stands in a header's place is none.
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
                header.size = int(more.get(SIZE, header.size))
            if header.size < 0:
                raise ValueError("a negative size")
        except (tarfile.HeaderError, ValueError) as error:
            raise DamageError(offset, str(error)) from None
        if records is None:
            yield start, header, more
            more = {}
        else:
            more |= records
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
        return {NAME: _text(content.split(b"\0")[0])}
    return _pax(content)


def _pax(content: bytes) -> dict[str, str]:
    """Those records that matter here, of any number; each is "length key=value" and a newline, all of it counted."""
    records = {}
    at = 0
    while (found := PAX.match(content, at)) is not None:
        end = at + int(found[1])
        if not found.end() < end <= len(content):
            raise ValueError("a record of the wrong length")
        if (key := _text(found[2])) in {NAME, SIZE, *SPARSE}:
            records[key] = _text(content[found.end() : end - 1])
        at = end
    return records


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
