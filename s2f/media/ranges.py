"""A file of a server, fetched in pieces as they are asked for, into a local file of the same length with holes.

Whoever reads the local file where it was fetched reads what the whole file holds there: the same bytes at the same
places. Nothing is cut, copied from one container to another or encoded anew, so nothing can differ.
"""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from yt_dlp.networking import Request

from s2f.media.downloader import Downloader
from s2f.media.failures import Failure

BLOCK = 1 << 16  # bytes: the least that is fetched
AHEAD = 1 << 19  # the most, where reading goes on: an index or a film is seldom read for a block alone
FILL = 1 << 23  # for the rest of a file: YouTube slows down longer ones
MOST_REQUESTS = 500  # for parts of it: in a file without an index ffmpeg hops from one second to the next
MOST_TOTAL = 10**12  # bytes of a file with holes: of the map of its blocks, 16 MB


class Changed(Exception):  # noqa: N818 - a decision, not an error
    """The server sends something else than before: what is here and what is to come do not belong together."""


class NotWorthIt(Exception):  # noqa: N818 - a decision, not an error
    """So much was asked for that the whole file is cheaper."""


@dataclass(frozen=True)
class Piece:
    """What a server sent of a file."""

    content: bytes
    total: int  # bytes of the whole file
    version: str  # changes when the file does


class Remote:
    """A URL whose server may send parts of it."""

    def __init__(self, downloader: Downloader, url: str, headers: dict[str, str], max_bytes_per_s: int | None) -> None:
        self._downloader, self.url, self._headers = downloader, url, headers
        self._max_bytes_per_s = max_bytes_per_s

    def ask(self, start: int, stop: int) -> Piece | None:
        """Bytes from `start`, at most to `stop`; None if the server sends whole files alone.

        Raises:
            YoutubeDLError: what the server answered otherwise.
            Failure: network, if it sent something else than it was asked for.
        """
        began = time.monotonic()
        if self._max_bytes_per_s:  # a second's worth: whole pieces at full speed, with long pauses, are no pace
            stop = min(stop, start + max(self._max_bytes_per_s, BLOCK))
        headers = {**self._headers, "Range": f"bytes={start}-{stop - 1}", "Accept-Encoding": "identity"}
        with self._downloader.urlopen(Request(self.url, headers=headers)) as answer:
            found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", answer.headers.get("Content-Range", ""))
            if answer.headers.get("Content-Type", "").startswith("text/html"):
                raise Failure("network", "a page in the place of a video")
            if answer.status != 206 or not found:
                return None
            first, last, total = (int(number) for number in found.groups())
            if first != start or not first <= last < min(stop, total):
                raise Failure("network", f"asked for bytes {start}-{stop - 1}, answered with {first}-{last}/{total}")
            content = answer.read(last + 1 - first)
            self.url = answer.url  # where redirects led
        if len(content) != last + 1 - first:
            raise Failure("network", f"{len(content)} bytes read, {last + 1 - first - len(content)} more expected")
        if self._max_bytes_per_s:
            time.sleep(max(0.0, len(content) / self._max_bytes_per_s - (time.monotonic() - began)))
        return Piece(content, total, answer.headers.get("ETag") or answer.headers.get("Last-Modified") or "")


class RangedFile:
    """The local file; may be read by several threads."""

    def __init__(self, ask: Callable[[int, int], Piece | None], first: Piece, path: Path) -> None:
        if first.total > MOST_TOTAL:
            raise Failure("too_large", f"a file of {first.total:,} bytes")
        self.path, self.total = path, first.total
        self.fetched, self.requests = len(first.content), 1
        self.budget = first.total  # bytes that may be fetched before it is not worth it
        self.failure: Exception | None = None  # what ended a reading
        self._ask, self._version = ask, first.version
        self._have = bytearray(-(-first.total // BLOCK))
        self._lock = threading.Lock()
        self._next, self._step = len(first.content), BLOCK  # where the last fetch ended, and how long the next may be
        with path.open("wb") as file:
            file.truncate(first.total)
            file.write(first.content)
        self._mark(0, len(first.content))

    def read(self, start: int, stop: int) -> bytes:
        """Bytes of the file, fetched if they are not there, and some ahead where reading goes on.

        Raises:
            NotWorthIt: the budget is spent.
            Changed: another version of the file, or no part of it.
            YoutubeDLError, Failure: as asking does.
        """
        with self._lock:
            for block in range(start // BLOCK, -(-stop // BLOCK)):
                if not self._have[block]:
                    goes_on = block * BLOCK == self._next
                    self._step = min(4 * self._step, AHEAD) if goes_on else BLOCK
                    self._fetch(block, self._step)
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(stop - start)

    def holds(self, place: int) -> bool:
        """Is the byte there?"""
        return bool(self._have[place // BLOCK])

    def fill(self) -> None:
        """Fetch all that is missing: then it is the whole file."""
        with self._lock:
            self.budget = self.total + AHEAD
            for block in range(len(self._have)):
                if not self._have[block]:
                    self._fetch(block, FILL)

    def _fetch(self, block: int, most: int) -> None:
        """A missing block and those behind it, up to one that is there, `most` bytes or the end."""
        start = at = block * BLOCK
        last = next((one for one in range(block, block + most // BLOCK) if self._is_there(one)), block + most // BLOCK)
        stop = min(last * BLOCK, self.total)
        self.requests += 1
        if self.fetched + stop - start > self.budget or (self.requests > MOST_REQUESTS and most <= AHEAD):
            raise NotWorthIt
        with self.path.open("r+b") as file:
            while at < stop:
                piece = self._ask(at, stop)
                if piece is None or (piece.total, piece.version) != (self.total, self._version):
                    raise Changed
                file.seek(at)
                file.write(piece.content)
                at += len(piece.content)
        self.fetched += stop - start
        self._mark(start, stop)
        self._next = stop

    def _is_there(self, block: int) -> bool:
        return block >= len(self._have) or bool(self._have[block])

    def _mark(self, start: int, stop: int) -> None:
        last = len(self._have) if stop == self.total else stop // BLOCK
        self._have[start // BLOCK : last] = b"\1" * (last - start // BLOCK)
