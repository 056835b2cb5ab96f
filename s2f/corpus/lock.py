"""One build at a time for each corpus, and one worker for each shard. Whoever dies lets go.

A cluster's workers go on when the build that asked them was killed. What they write then may be a plan of yesterday:
a shard too many, or the rows of somebody who was taken down since. So a build, retry or removal gives itself a name,
and waits until no worker that goes by another one is at a shard. Such a worker ends with the fetch or item it is at.
"""

import fcntl
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from s2f.corpus.room import stopping_when_full
from s2f.media.stopping import STOP, Stopped
from s2f.runtime import InputError

POLL_S = 0.2

logger = logging.getLogger(__name__)


@contextmanager
def only_builder(ledger: Path) -> Iterator[str]:
    """Hold the corpus of this ledger while it changes, alone; the name that its own workers go by.

    The system lets go of it when the process ends, however it ends.

    Raises:
        InputError: another process holds it.
        TryAgainLater: the disk is full, now or while it is held.
    """
    path = _of_builder(ledger)
    path.parent.mkdir(parents=True, exist_ok=True)
    with stopping_when_full([ledger]), path.open("a") as file:
        if not _locked(file):
            raise InputError(f"{ledger}: another process is building this corpus; wait for its end, or stop it.")
        builder = secrets.token_hex(8)
        file.truncate(0)
        file.write(builder)
        file.flush()
        os.fsync(file.fileno())  # other machines look, too
        drop_locks(ledger)
        try:
            yield builder
        finally:
            file.truncate(0)  # nobody works for it any more


@contextmanager
def only_worker(ledger: Path, shard: str, builder: str) -> Iterator[None]:
    """Hold a shard of the corpus of this ledger while it is built; wait for another worker that does.

    There is another one where a cluster has lost sight of it and hands its shard over again.

    Raises:
        Stopped: here, or wherever the block looks whether to stop: the build was stopped, or is over.
    """
    path = _of_shards(ledger) / f"{shard}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with STOP.watching(lambda: _check_builder(ledger, builder)), _waited_for(path):
        STOP.check()
        yield


def drop_locks(ledger: Path) -> None:
    """Wait until no worker is at a shard, and delete what they locked: for the one who builds."""
    for path in sorted(_of_shards(ledger).glob("*.lock")):
        with _waited_for(path):
            path.unlink()  # who waits for it, or makes it anew, then finds that its build is over
    with suppress(OSError):
        _of_shards(ledger).rmdir()


def _check_builder(ledger: Path, builder: str) -> None:
    path = _of_builder(ledger)
    if not path.is_file() or path.read_text() != builder:
        raise Stopped(f"{ledger}: this build is over; another one, a retry or a removal goes on from here.")


@contextmanager
def _waited_for(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        told = False
        while not _locked(file):
            if not told:
                logger.warning("%s: another worker is still at it; waiting for the end of its fetch or item.", path)
                told = True
            STOP.sleep(POLL_S)
        yield


def _of_builder(ledger: Path) -> Path:
    return ledger.parent / f".{ledger.name}.lock"  # beside the ledger, whose files are DVC's


def _of_shards(ledger: Path) -> Path:
    return ledger.parent / f".{ledger.name}.shards"


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        logger.warning("%s: this disk knows no locks (%s); see to it that nobody else builds here.", file.name, error)
    return True
