"""Which items are built together: shards of one split each, numbered so that a longer list renumbers none."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass

from s2f.corpus.cliplist import BadRow, Clip
from s2f.corpus.labels import UNKNOWN, Labels
from s2f.corpus.splits import SPLITS


@dataclass(frozen=True)
class Picture:
    """A picture of a source."""

    id: str  # its path within the source
    same_as: str | None = None  # the picture before it that has the same bytes, and is used instead


@dataclass(frozen=True)
class Item:
    """One thing to try, and what is known of it."""

    what: Clip | BadRow | Picture
    labels: Labels = UNKNOWN
    sha256: str | None = None  # of the local file it comes from; None where that is missing, or elsewhere
    removed: bool = False  # taken down on request: never tried

    @property
    def batch(self) -> str:
        """Items of one batch are built together: a video's clips, so that it is fetched once."""
        return self.what.youtube_id if isinstance(self.what, Clip) else self.what.id

    def key(self, decided: str) -> str:
        """Names its end: the item, and the hash of everything else that decides it. Labels are written beside it."""
        content = [decided, type(self.what).__name__, *astuple(self.what), self.sha256, self.removed]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Shard:
    """A unit of work, of retry and of storage."""

    index: int  # names its files; unique over all splits
    split: str
    items: tuple[Item, ...]

    def key(self, decided: str) -> str:
        """Hex sha256 over the items, their labels, and the hash of everything else that decides the rows."""
        content = [self.split, [(item.key(decided), *astuple(item.labels)) for item in self.items]]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def plan_shards(items: Iterable[tuple[str, Item]], shard_items: int) -> list[Shard]:
    """Shards of about `shard_items` (split, item) pairs, batches whole, in the order of the list.

    Splits take turns in the numbering (train 0, 3, 6 …), so that one may grow without renaming another's shards.
    """
    batches: dict[str, dict[str, list[Item]]] = {split: {} for split in SPLITS}
    for split, item in items:
        batches[split].setdefault(item.batch, []).append(item)
    shards = []
    for place, split in enumerate(SPLITS):
        for number, members in enumerate(_fill(batches[split].values(), shard_items)):
            shards.append(Shard(number * len(SPLITS) + place, split, tuple(members)))
    return sorted(shards, key=lambda shard: shard.index)


def _fill(batches: Iterable[list[Item]], shard_items: int) -> Iterator[list[Item]]:
    members: list[Item] = []
    for batch in batches:
        if members and len(members) + len(batch) > shard_items:
            yield members
            members = []
        members = members + batch
    if members:
        yield members
