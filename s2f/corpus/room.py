"""Room on the disk: a build stops while there is some, instead of when there is none."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from s2f.media.failures import DISK_FULL
from s2f.runtime import TryAgainLater

GIGABYTE = 1e9


def check_room(folders: Iterable[Path], min_free_gb: float) -> None:
    """Refuse to go on where less is free than should stay so, on any folder's disk; a folder need not be there yet.

    Raises:
        TryAgainLater: naming the folder and what is missing.
    """
    for folder in folders:
        there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
        free_gb = shutil.disk_usage(there).free / GIGABYTE
        if free_gb < min_free_gb:
            raise TryAgainLater(
                f"{folder}: {free_gb:.1f} GB are free on its disk, and building.min_free_gb keeps {min_free_gb:g}; "
                "nothing is lost. Make room and run the same command again: it goes on from here."
            )


@contextmanager
def stopping_when_full(folders: Iterable[Path]) -> Iterator[None]:
    """A disk that is full all the same ends the build as one that nearly is.

    Raises:
        TryAgainLater: in place of the system's own error.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        where = " or ".join(map(str, folders))
        words = f"{where}: the disk is full; what was finished is not lost. Make room and run the same command again."
        raise TryAgainLater(words) from error
