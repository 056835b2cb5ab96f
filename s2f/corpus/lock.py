"""One build at a time for each corpus: two would set aside each other's shards."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from s2f.runtime import InputError


@contextmanager
def only_builder(ledger: Path) -> Iterator[None]:
    """Hold the corpus of this ledger while it changes; the system lets go of it when the process ends, however it ends.

    Raises:
        InputError: another process holds it.
    """
    path = ledger.parent / f".{ledger.name}.lock"  # beside the ledger, whose files are DVC's
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"{ledger}: another process is building this corpus; wait for its end, or stop it."
            ) from None
        yield
