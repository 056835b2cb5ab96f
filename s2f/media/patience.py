"""Another try, after a pause that doubles: for what may have been a moment's trouble, and for nothing else."""

import random
import time
from collections.abc import Callable

from s2f.media.failures import Failure, Kind
from s2f.media.fetch import Fetched
from s2f.params.fetching import FetchingParams


def patiently(
    attempt: Callable[[], Fetched],
    params: FetchingParams,
    sleep: Callable[[float], None] = time.sleep,
    chance: Callable[[], float] = random.random,
) -> tuple[Fetched, int]:
    """What an attempt brought, and how many it took.

    Raises:
        Failure: after `params.attempts` of a transient one, or at once for any other; it says how many there were.
    """
    for number in range(1, params.attempts + 1):
        try:
            return attempt(), number
        except Failure as failure:
            if failure.kind is not Kind.TRANSIENT or number == params.attempts:
                raise Failure(failure.reason, failure.message, number) from None
        sleep(params.first_pause_s * 2 ** (number - 1) * (1 + params.jitter * (2 * chance() - 1)))
    raise ValueError(f"attempts must be positive, not {params.attempts}")
