"""Ending within seconds what may last for hours: pauses, cool-downs and fetches, once the build around them ends.

Python cannot end a thread. So whatever waits does so here, and whatever is fetched has a word to be ended by; both end
in Stopped, of which nothing is written.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from s2f.runtime import TryAgainLater

LOOK_S = 1.0  # how soon whoever sleeps sees that its own work is over

_look: ContextVar[Callable[[], None] | None] = ContextVar("look", default=None)


class Stopped(TryAgainLater):
    """The build ends: this is not the end of what was under way."""


class Stop:
    """Of all threads of a process; and of some of them, which work for a build that may be over before others are."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._endings: list[Callable[[], None]] = []

    @contextmanager
    def where_this_ends(self) -> Iterator[None]:
        """Stop everything else where the block ends in an error, a signal's among them."""
        try:
            yield
        except BaseException:
            self.begin()
            raise

    def begin(self) -> None:
        """Stop what waits and what is fetched, and let nothing else begin."""
        self._event.set()
        with self._lock:
            endings = list(self._endings)
        for end in endings:
            end()

    def over(self) -> None:
        """All have ended, and others may begin."""
        self._event.clear()

    @contextmanager
    def watching(self, look: Callable[[], None]) -> Iterator[None]:
        """While the block takes, `look` is called as well, and raises Stopped where its work is over.

        In this thread, and in all that run in a copy of its context.
        """
        before = _look.set(look)
        try:
            yield
        finally:
            _look.reset(before)

    def check(self) -> None:
        """Raise Stopped, if that is so."""
        if self._event.is_set():
            raise Stopped("The build was stopped; run the same command again: it goes on from here.")
        look = _look.get()
        if look is not None:
            look()

    def sleep(self, seconds: float) -> None:
        """As `time.sleep`.

        Raises:
            Stopped: during it, or before.
        """
        end = time.monotonic() + seconds
        self.check()
        while (left_s := end - time.monotonic()) > 0:
            self._event.wait(min(left_s, LOOK_S))
            self.check()

    @contextmanager
    def ending(self, end: Callable[[], None]) -> Iterator[None]:
        """While the block takes, `end` is what stops it.

        Raises:
            Stopped: before it began.
        """
        with self._lock:
            self._endings.append(end)
        try:
            self.check()
            yield
        finally:
            with self._lock:
                self._endings.remove(end)


STOP = Stop()
