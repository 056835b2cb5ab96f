"""Pictures in a folder tree.

Links are followed inside of it and never out of it, and folders that are links not at all.
"""

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from s2f.corpus.labels import FILE, LabelFile
from s2f.corpus.pictures.names import Unique, is_of_macos, is_picture, problem_of, shown
from s2f.corpus.pictures.source import Entry, Stamp, check_count, check_size
from s2f.media.failures import Failure
from s2f.runtime import InputError

LEADS_OUT, LEADS_NOWHERE = "a link that leads out of the folder", "a link that leads nowhere"
NO_FILE = "no file: a folder, a pipe or a device"
UNKNOWN = Stamp(-1, -1)  # of what cannot be looked at: it is tried, and its end is in the ledger

logger = logging.getLogger(__name__)


class FolderSource:
    """A folder tree, sorted by path."""

    readers = 4  # a disk answers several at once, and hashing holds no lock

    def __init__(self, root: Path) -> None:
        self._root = root
        self._real_root = os.path.realpath(root)

    def entries(self) -> Iterator[Entry]:
        """Pictures by their paths within the folder."""
        unique = Unique()
        for name in self._names():
            problem, stamp = self._look(name)
            yield Entry(unique(shown(name) if problem else name), stamp, problem)

    def read(self, name: str) -> bytes:
        """A file's content."""
        try:
            path = self._followed(name)
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)  # a pipe would wait for a writer
        except (FileNotFoundError, NotADirectoryError):
            raise Failure("removed", f"{name} is gone") from None
        except PermissionError:
            raise Failure("forbidden", f"{name} may not be read") from None
        try:
            seen = os.fstat(descriptor)
            if not stat.S_ISREG(seen.st_mode):
                raise Failure("bad_row", f"{name}: {NO_FILE}")
            check_size(name, seen.st_size)
            with open(descriptor, "rb", closefd=False) as file:
                content = file.read(seen.st_size + 1)  # one more: it may be growing
        finally:
            os.close(descriptor)
        check_size(name, len(content))
        return content

    def labels(self) -> LabelFile | None:
        """The folder's `labels.csv`, which leads out of it as little as a picture."""
        path = self._root / FILE
        if not path.is_file():
            return None
        try:
            return LabelFile(path, self.read(FILE))
        except Failure as failure:
            raise InputError(f"portraits.source: {path}: {failure.message}.") from None

    def _names(self) -> list[str]:
        names: list[str] = []
        links = of_macos = 0
        for folder, folders, files in os.walk(self._root, onerror=_warn):
            links += sum((Path(folder) / one).is_symlink() for one in folders)
            inside = Path(folder).relative_to(self._root)
            for file in filter(is_picture, files):
                if is_of_macos(file):
                    of_macos += 1
                else:
                    names.append((inside / file).as_posix())
            check_count(len(names), self._root)
        if links:
            logger.warning("%s: %d folders that are links are not looked into.", self._root, links)
        if of_macos:
            logger.info("%s: %d files of macOS's own (._…) are left out.", self._root, of_macos)
        return sorted(names)

    def _look(self, name: str) -> tuple[str | None, Stamp]:
        if problem := problem_of(name):
            return problem, UNKNOWN
        try:
            seen = os.stat(self._followed(name))  # noqa: PTH116
        except Failure as failure:
            return failure.message, UNKNOWN
        except OSError:
            return None, UNKNOWN
        if not stat.S_ISREG(seen.st_mode):
            return NO_FILE, UNKNOWN
        return None, Stamp(seen.st_size, seen.st_mtime_ns)

    def _followed(self, name: str) -> str:
        """The file that a name leads to.

        Raises:
            Failure: bad_row, a link that leads out of the folder or nowhere.
            OSError: no such file, or it may not be looked at.
        """
        path = os.path.join(self._root, name)  # noqa: PTH118 - 70,000 Paths cost seconds
        if os.path.islink(path) and not os.path.exists(path):  # noqa: PTH110, PTH114
            raise Failure("bad_row", LEADS_NOWHERE, attempts=0)
        real = os.path.realpath(path, strict=True)
        if not Path(real).is_relative_to(self._real_root):
            raise Failure("bad_row", LEADS_OUT, attempts=0)
        return real


def _warn(error: OSError) -> None:
    logger.warning("%s: %s; what is in it is left out.", error.filename, error.strerror)
