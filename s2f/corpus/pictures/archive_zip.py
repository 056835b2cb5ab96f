"""Pictures in a zip, read by its central directory: any of them at once, none of the others."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from s2f.corpus.labels import LabelFile
from s2f.corpus.pictures.members import Member, index_members, labels_of
from s2f.corpus.pictures.source import Entry, check_size
from s2f.media.failures import Failure, tidy
from s2f.runtime import InputError, sentence

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others, of whose memory the archive decides, are hardly used
IS_ENCRYPTED = 1  # among a member's flags
# What the library raises at bytes that are no zip.
BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OverflowError)


class ZipSource:
    """A zip, sorted by path. Its file is shared by threads: the library reads under a lock and unpacks without."""

    readers = 4

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._archive = zipfile.ZipFile(path)
        except (*BROKEN, OSError) as error:
            raise InputError(f"portraits.source: {path} is no zip that can be read ({sentence(error)}).") from None
        self._index = index_members(self._members(path.stat().st_size), path)

    def entries(self) -> Iterator[Entry]:
        """Pictures by their paths within the archive."""
        return iter(self._index.entries)

    def read(self, name: str) -> bytes:
        """A member's content, checked by its checksum."""
        info = self._index.places.get(name)
        if info is None:
            raise Failure("removed", f"{name} is not in {self._path.name}")
        check_size(name, info.file_size)
        try:
            with self._archive.open(info) as file:
                content = file.read(info.file_size + 1)  # without a number it unpacks 2 GB, whatever the size
        except BROKEN as error:
            raise Failure("corrupt", tidy(f"{name}: {error}")) from None
        if len(content) != info.file_size:
            raise Failure("corrupt", f"{name}: {len(content)} bytes, {info.file_size} are listed")
        return content

    def labels(self) -> LabelFile | None:
        """`labels.csv` beside the archive, else at its top."""
        return labels_of(self._path, self._index, self.read)

    def _members(self, archive_bytes: int) -> Iterator[Member[zipfile.ZipInfo]]:
        for info in self._archive.infolist():
            name = info.orig_filename.replace("\\", "/")  # as old archivers of Windows write paths
            if not name.endswith("/"):
                yield Member(name, info, _problem(info, archive_bytes))


def _problem(info: zipfile.ZipInfo, archive_bytes: int) -> str | None:
    if stat.S_ISLNK(info.external_attr >> 16):
        return "a link in an archive"
    if info.flag_bits & IS_ENCRYPTED:
        return "encrypted; unpack it with its password, and pack it without"
    if info.compress_type not in METHODS:
        return f"compressed by method {info.compress_type}; pack it without compression, or with deflate"
    if not 0 <= info.header_offset < archive_bytes:
        return "lies outside the archive"
    return None
