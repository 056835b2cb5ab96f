"""What one fetch may cost: safe addresses alone, an end to its time, and a bound to what it reads.

A socket's timeout ends a silence, and never a server that sends a byte now and then, in a header as in a body. So a
clock runs beside the fetch and hangs up all its connections at the end, whatever is being waited for.
"""

import contextlib
import http.client
import socket
import threading
import weakref
from typing import Any, Self

from yt_dlp.networking.exceptions import TransportError

from s2f.media.addresses import Addresses
from s2f.media.failures import Failure
from s2f.media.stopping import STOP

PAGE_BYTES = 32_000_000  # of a page, a script or a playlist: they are read into memory
PIECE_BYTES = 256_000_000  # of a piece of a stream: yt-dlp reads each into memory
MOST_REQUESTS = 200  # to find out what a page holds; the largest sites need a dozen


class Refused(TransportError):  # noqa: N818 - it carries an outcome through yt-dlp
    """A request that the guard did not let pass, or cut off."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Guard:
    """Of one fetch; a context that ends with it, and hangs up whatever is still open."""

    def __init__(self, addresses: Addresses, max_seconds: float, max_bytes: int) -> None:
        self.addresses = addresses
        self.max_seconds = max_seconds
        self.left = max_bytes  # to read, of everything
        self.max_bytes = max_bytes
        self.most = PAGE_BYTES  # of one answer
        self.requests = 0
        self.media = False  # pages are read, what they hold is to come
        self.late = False
        self.met_host = False  # some connection was made, TLS and proxy included
        self.refused: Failure | None = None  # the last; yt-dlp keeps an error's words, and not always the error
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._stoppable = contextlib.ExitStack()
        self._clock = threading.Timer(max_seconds, self._end)
        self._clock.daemon = True

    def __enter__(self) -> Self:
        self._stoppable.enter_context(STOP.ending(self._end))
        self._clock.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stoppable.close()
        self._clock.cancel()
        self._clock.join()
        self.hang_up()

    def allow_media(self, most: int) -> None:
        """From pages to what they hold: an answer may be so long, and there may be any number of them."""
        self.most, self.media = most, True
        self.hang_up()  # a look at a video's first bytes leaves the rest under way

    def check(self, url: str) -> None:
        """Judge a request before it is made.

        Raises:
            Refused: by its address, or as one too many, or because time is over.
        """
        self.check_time()
        try:
            self.addresses.check(url)
        except Failure as failure:
            raise self.refuse(failure) from None
        self.requests += 1
        if self.requests > MOST_REQUESTS and not self.media:
            raise self.refuse(Failure("no_format", f"no video after {MOST_REQUESTS} requests"))

    def check_time(self) -> None:
        """Raise Refused if the time is over."""
        if self.late:
            raise self.refuse(Failure("timeout", f"not fetched within {self.max_seconds:g} s"))

    def count(self, received: int) -> None:
        """Bytes that came.

        Raises:
            Refused: too_large, or time is over.
        """
        self.check_time()
        self.left -= received
        if self.left < 0:
            raise self.refuse(self.too_large())

    def refuse(self, failure: Failure) -> Refused:
        """An exception to raise, which is remembered."""
        self.refused = failure
        return Refused(failure)

    def too_large(self) -> Failure:
        """More than a fetch may read."""
        return Failure("too_large", f"more than {self.max_bytes:,} bytes")

    def connect(self, address: tuple[str, int], timeout: float, source_address: Any = None) -> socket.socket:
        """A socket to one of the host's safe addresses, in the place of `socket.create_connection`."""
        try:
            found = self.addresses.resolve(*address)
        except Failure as failure:
            raise self.refuse(failure) from None
        error = OSError(f"{address[0]} has no address")
        for family, kind, protocol, _, place in found:
            made = socket.socket(family, kind, protocol)
            try:
                self.watch(made)
                made.settimeout(timeout)
                if source_address:
                    made.bind(source_address)
                made.connect(place)
                return made
            except OSError as reason:
                made.close()
                error = reason
        raise error

    def watch(self, made: socket.socket) -> None:
        """Hang it up with the others."""
        with self._lock:
            self._sockets.add(made)
        self.check_time()

    def hang_up(self) -> None:
        """End every connection, also one that another thread waits for."""
        with self._lock:
            sockets = list(self._sockets)
        for one in sockets:
            try:
                socket.socket.shutdown(one, socket.SHUT_RDWR)
            except OSError:
                continue  # closed, or never connected

    def _end(self) -> None:
        self.late = True
        self.hang_up()


class Answer(http.client.HTTPResponse):
    """An HTTP response that tells the guard what it reads, and never reads more than the guard allows."""

    guard: Guard
    received = 0

    def read(self, amt: int | None = None) -> bytes:
        """As ever, but bounded."""
        if amt is None:
            content = b"".join(iter(lambda: self.read(1 << 16), b""))
            if self.length:  # else a page that was cut off would pass for a whole one
                raise http.client.IncompleteRead(content, self.length)
            return content
        try:
            content = super().read(amt)
        finally:
            self.guard.check_time()
        self.received += len(content)
        if self.received > self.guard.most:
            raise self.guard.refuse(Failure("too_large", f"more than {self.guard.most:,} bytes of one answer"))
        self.guard.count(len(content))
        return content
