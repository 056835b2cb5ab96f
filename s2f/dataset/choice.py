"""Which rows stand for all: by a hash of their ids, for shards lie in an order that means something.

Folders sort by data set, age and sex; the first rows of them are nobody's sample.
"""

import hashlib
from collections.abc import Iterable


def unpicked(ids: Iterable[str], count: int) -> list[str]:
    """`count` of the ids, in an order that nobody chose and that adding others does not change."""
    return sorted(sorted(set(ids)), key=lambda one: hashlib.blake2b(one.encode(), digest_size=8).digest())[:count]
