"""How fast a process asks for videos: so many an hour, at intervals that vary, and so many at a time."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from s2f.media.stopping import STOP
from s2f.params.fetching import FetchingParams


class Pace:
    """One for all threads that fetch.

    A slow fetch earns nothing: however long it was quiet, two fetches begin an interval apart.
    """

    def __init__(
        self,
        params: FetchingParams,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = STOP.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._interval_s = 3600 / params.videos_per_hour if params.videos_per_hour else 0.0
        self._jitter = params.jitter
        self._clock, self._sleep, self._chance = clock, sleep, chance
        self._places = threading.BoundedSemaphore(params.parallel)
        self._lock = threading.Lock()
        self._next_s = clock()  # when another may begin

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a place and a time, and keep the place as long as the block takes.

        Raises:
            Stopped: the build ends.
        """
        with self._places:
            wait_s = self._book()
            if wait_s > 0:
                self._sleep(wait_s)
            yield

    def _book(self) -> float:
        with self._lock:
            now = self._clock()
            begin = max(now, self._next_s)
            self._next_s = begin + self._interval_s * (1 + self._jitter * (2 * self._chance() - 1))
            return begin - now


def pace_of(params: FetchingParams) -> Pace:
    """This process's."""
    with _first:  # two threads that come first would each make one
        if params not in _paces:
            _paces[params] = Pace(params)
        return _paces[params]


_first = threading.Lock()
_paces: dict[FetchingParams, Pace] = {}
