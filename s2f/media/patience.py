"""Ask a host for a video with patience: in turn with all others, not while it refuses, again after a moment's trouble.

What is transient is tried again after a pause that doubles. A refusal says nothing about the video, and neither does a
host that cannot be connected to: everybody waits for the breaker's cool-down, and this video is put off, so that
another one finds out whether the host answers again.
"""

import random
from collections.abc import Callable
from typing import TypeVar

from s2f.media.breaker import Breaker
from s2f.media.failures import Failure, Kind
from s2f.media.pace import Pace
from s2f.media.stopping import STOP
from s2f.params.fetching import FetchingParams

Brought = TypeVar("Brought")


def patiently(
    video: str,
    attempt: Callable[[], Brought],
    params: FetchingParams,
    pace: Pace,
    breaker: Breaker,
    sleep: Callable[[float], None] = STOP.sleep,
    chance: Callable[[], float] = random.random,
) -> tuple[Brought, int]:
    """What an attempt brought, and how many it took.

    Raises:
        Failure: after `params.attempts` of a transient one, or at once for any other; it says how many there were.
        TryAgainLater: the host has refused too long, or the build was stopped.
    """
    for number in range(1, params.attempts + 1):
        with pace.turn():
            asked_at = breaker.wait()
            try:
                brought = attempt()
            except Failure as failure:
                last = failure.kind is not Kind.TRANSIENT or number == params.attempts
                if last:
                    _tell(breaker, video, asked_at, failure)
                    raise failure.after(number) from None
            else:
                breaker.answered(asked_at)
                return brought, number
        sleep(params.first_pause_s * 2 ** (number - 1) * (1 + params.jitter * (2 * chance() - 1)))
    raise ValueError(f"attempts must be positive, not {params.attempts}")


def _tell(breaker: Breaker, video: str, asked_at: float, failure: Failure) -> None:
    if failure.reason == "internal_error":  # nobody's but ours
        return
    if failure.says_nothing:
        breaker.refused(video, asked_at, f"{failure}")
    elif failure.kind is Kind.TRANSIENT:
        breaker.missed(video, asked_at, f"{failure}")
    else:
        breaker.answered(asked_at)
