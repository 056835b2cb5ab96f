"""Get a video by its id: yt-dlp for whatever the URL template names, one fetch for all clips of a video.

A `file:` URL is resolved by yt-dlp and read where it lies: nothing is copied. Everything else is downloaded into a
folder of the caller's, within bounds of size and time, and never from a stream that goes on. Every way to fail becomes
one of the reasons in `failures.py`, with yt-dlp's words.
"""

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import imageio_ffmpeg
import yt_dlp
from yt_dlp.extractor import get_info_extractor
from yt_dlp.networking.exceptions import HTTPError
from yt_dlp.utils import DownloadError, GeoRestrictedError

from s2f.media.failures import Failure, Kind, tidy, unforeseen

MAX_HEIGHT = 720  # a face crop needs no more, and the format list is answered before a byte is fetched
MAX_BYTES = 4_000_000_000  # of one download: about four hours at 720p
MAX_SECONDS = 3600  # for one download
SOCKET_SECONDS = 30
FIRST_PAUSE_S = 1.0  # before the second try; doubles each time

# yt-dlp's and the sites' own sentences, in the order they are looked for; the first that fits decides.
SENTENCES = (
    ("bot_check", r"confirm you.re not a bot"),
    ("rate_limited", r"rate.?limit|too many requests|try again later"),
    ("members_only", r"members.only|join this channel|available to this channel's members"),
    ("private", r"private video|video is private"),
    ("age_restricted", r"confirm your age|age.restricted|inappropriate for some users"),
    ("geo_blocked", r"(in|from) your (country|location|region)|geo.?restrict"),
    ("removed", r"no such file|is a directory|video unavailable|no longer available|been removed|has been terminated"),
    ("removed", r"removed by|not exist|account .*(closed|deleted)|video is not available"),
    ("no_format", r"requested format|no video formats|unsupported url|drm protected|redirect loop|not a video"),
    ("live", r"live event will begin|premieres in"),
    ("timeout", r"timed? ?out"),
)
HTTP_REASONS = {401: "private", 403: "forbidden", 404: "removed", 408: "timeout", 410: "removed", 429: "rate_limited"}
GEO_BLOCKED = 451


def fetch(url: str, folder: Path, attempts: int, first_pause_s: float = FIRST_PAUSE_S) -> tuple[Path, int]:
    """The video as a local file, and the attempts it took; a downloaded one lies in `folder`.

    Raises:
        Failure: after `attempts` tries of a transient failure, or at once for any other.
    """
    for attempt in range(1, attempts + 1):
        try:
            return _resolve(url) if url.startswith("file:") else _download(url, folder), attempt
        except Exception as error:  # what a site sends can make yt-dlp raise anything
            failure = error if isinstance(error, Failure) else unforeseen(error, url)
        if failure.kind is not Kind.TRANSIENT or attempt == attempts:
            raise Failure(failure.reason, failure.message, attempt)
        time.sleep(first_pause_s * 2 ** (attempt - 1))
    raise ValueError(f"attempts must be positive, not {attempts}")


def reason_of(error: DownloadError) -> str:
    """The reason behind a yt-dlp error: its cause's class and HTTP status first, then its words."""
    cause = error.exc_info[1] if error.exc_info else None
    words = str(error).lower()
    for reason, sentence in SENTENCES:
        if re.search(sentence, words):
            return reason
    if isinstance(cause, GeoRestrictedError):
        return "geo_blocked"
    status = cause.status if isinstance(cause, HTTPError) else _status(words)
    if status is not None:
        if status == GEO_BLOCKED:
            return "geo_blocked"
        return HTTP_REASONS.get(status, "network" if status >= 500 else "no_format")
    return "network"  # unknown words are worth another try, and are never held against the video


def _status(words: str) -> int | None:
    found = re.search(r"http error (\d{3})", words)
    return int(found.group(1)) if found else None


def _resolve(url: str) -> Path:
    """A local file's path, by yt-dlp's generic extractor, which opens it and reads its first bytes."""
    try:
        info = _local_resolver().extract_info(url, download=False, ie_key="Generic")
    except DownloadError as error:
        raise _failure(error) from None
    if not info.get("direct"):
        raise Failure("corrupt", "yt-dlp does not take the file for a video")
    return Path(url2pathname(urlsplit(info["url"]).path))


def _download(url: str, folder: Path) -> Path:
    options = {
        **_OPTIONS,
        "paths": {"home": str(folder)},
        "outtmpl": "video.%(ext)s",
        "format": f"b[height<={MAX_HEIGHT}]/bv*[height<={MAX_HEIGHT}]+ba/b/bv*+ba",
        "ffmpeg_location": imageio_ffmpeg.get_ffmpeg_exe(),
        "socket_timeout": SOCKET_SECONDS,
        "match_filter": _refuse_live,
        "progress_hooks": [_bounds()],
    }
    try:
        with yt_dlp.YoutubeDL(options) as downloader:
            info = downloader.extract_info(url)
    except DownloadError as error:
        raise _failure(error) from None
    if not info or not info.get("requested_downloads"):
        raise Failure("no_format", "yt-dlp found a page, but no single video in it")
    return Path(info["requested_downloads"][0]["filepath"])


def _refuse_live(info: dict[str, Any], *, incomplete: bool = False) -> None:
    """A yt-dlp match filter, asked when a page was read and before anything is downloaded."""
    status = info.get("live_status")
    if info.get("is_live") or status in ("is_live", "is_upcoming"):
        raise Failure("live", f"a stream that has not ended ({status or 'is_live'})")


def _bounds() -> Callable[[dict[str, Any]], None]:
    """A yt-dlp progress hook: told at every block how much came, and of how much, it ends what would never end.

    yt-dlp's own `max_filesize` asks the announced length alone, which a stream in pieces does not have.
    """
    until = time.monotonic() + MAX_SECONDS

    def check(progress: dict[str, Any]) -> None:
        if max(progress.get("downloaded_bytes") or 0, progress.get("total_bytes") or 0) > MAX_BYTES:
            raise Failure("too_large", f"more than {MAX_BYTES:,} bytes")
        if time.monotonic() > until:
            raise Failure("timeout", f"not downloaded within {MAX_SECONDS} s")

    return check


class _Silent:
    """A yt-dlp logger: what matters comes as an exception."""

    def debug(self, message: str) -> None:
        """Drop it."""

    info = warning = error = debug


_OPTIONS: dict[str, Any] = {
    "quiet": True,
    "no_warnings": True,
    "noprogress": True,
    "noplaylist": True,
    "cachedir": False,
    "retries": 0,  # the caller counts attempts
    "extractor_retries": 0,
    "fragment_retries": 2,
    "fixup": "never",
    "logger": _Silent(),
}


def _local_resolver() -> yt_dlp.YoutubeDL:
    # One extractor instead of 1,800, kept: 12 ms a file instead of 100.
    if not hasattr(_of_thread, "resolver"):
        resolver = yt_dlp.YoutubeDL({**_OPTIONS, "enable_file_urls": True}, auto_init=False)
        resolver.add_info_extractor(get_info_extractor("Generic")())
        _of_thread.resolver = resolver
    return _of_thread.resolver


_of_thread = threading.local()


def _failure(error: DownloadError) -> Failure:
    return Failure(reason_of(error), tidy(str(error)))
