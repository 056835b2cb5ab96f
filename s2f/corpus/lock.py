"""One build at a time for each corpus, and one worker for each shard. Whoever dies lets go.

Two builds would set aside each other's shards. Two workers would forget each other's videos: a cluster's worker goes on
when the build that asked it was killed, and the next build asks another one.
"""

import fcntl
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from s2f.media.stopping import STOP
from s2f.runtime import InputError

POLL_S = 0.2

logger = logging.getLogger(__name__)


@contextmanager
def only_builder(ledger: Path) -> Iterator[None]:
    """Hold the corpus of this ledger while it changes; the system lets go of it when the process ends, however it ends.

    Raises:
        InputError: another process holds it.
    """
    path = ledger.parent / f".{ledger.name}.lock"  # beside the ledger, whose files are DVC's
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        if not _locked(file):
            raise InputError(f"{ledger}: another process is building this corpus; wait for its end, or stop it.")
        yield


@contextmanager
def only_worker(ledger: Path, shard: str) -> Iterator[None]:
    """Hold a shard of the corpus of this ledger while it is built; wait for another worker that does.

    Raises:
        TryAgainLater: the build was stopped meanwhile.
    """
    path = _of_shards(ledger) / f"{shard}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        told = False
        while not _locked(file):
            if not told:
                logger.warning("%s: a worker of a build before is still at it; waiting for its end.", shard)
                told = True
            STOP.sleep(POLL_S)
        yield


def drop_locks(ledger: Path) -> None:
    """Delete what the workers of a finished build locked."""
    shutil.rmtree(_of_shards(ledger), ignore_errors=True)


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
