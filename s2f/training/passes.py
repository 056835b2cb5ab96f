"""A batch in as many passes as memory asks for."""

from collections.abc import Iterator

from s2f.dataset.batches import Batch


def passes(batch: Batch, at_once: int) -> Iterator[tuple[range, Batch]]:
    """Which rows, and these; `at_once` of them in each but the last, all for 0."""
    rows = len(next(iter(batch.values())))
    for start in range(0, rows, at_once or rows):
        some = range(start, min(start + (at_once or rows), rows))
        yield some, {name: values[some.start : some.stop] for name, values in batch.items()}
