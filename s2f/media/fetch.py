"""Get a video by its URL: yt-dlp for whatever that names, one fetch for all clips of a video, one attempt.

A `file:` URL is resolved by yt-dlp and read where it lies: nothing is copied. Of everything else the clips' sections
are fetched, or the whole where that costs about as much, into a folder of the caller's. Which of the two it was cannot
be told from a clip. Every way to fail becomes one of the reasons in `failures.py`, with yt-dlp's words.
"""

import shutil
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from yt_dlp.downloader import get_suitable_downloader
from yt_dlp.downloader.dash import DashSegmentsFD
from yt_dlp.downloader.hls import HlsFD
from yt_dlp.downloader.http import HttpFD
from yt_dlp.extractor import get_info_extractor

from s2f.media.answers import failure_of
from s2f.media.downloader import Downloader, LocalFile
from s2f.media.failures import Failure
from s2f.media.fetched import Fetched, Span
from s2f.media.guard import PIECE_BYTES, Refused
from s2f.media.playlists import bind
from s2f.media.ranges import BLOCK, Changed, RangedFile, Remote
from s2f.media.sections import cut, worth_cutting
from s2f.params.fetching import FetchingParams

# Sound and picture apart where that is better, as on YouTube; both are read as they come, and never merged.
FORMAT = "bv*+ba/b"
# The largest up to a height, else the smallest above it; then what is cheap to cut and to decode.
ORDER = ("height:{max_height}", "proto", "fps:30", "vcodec:h264", "acodec:aac")


def fetch_video(url: str, folder: Path, spans: Sequence[Span], params: FetchingParams, max_height: int) -> Fetched:
    """One attempt at a video, of which the clips `spans` (start and end, seconds) are wanted; it lies in `folder`.

    Raises:
        Failure: any reason of `failures.py` up to "fetched".
    """
    if url.startswith("file:"):
        path = _resolve(url)
        return Fetched(path, path)
    place = Path(tempfile.mkdtemp(dir=folder))  # of this attempt
    downloader = None
    try:
        options = {"format": FORMAT, "format_sort": [one.format(max_height=max_height) for one in ORDER]}
        downloader = Downloader(url, params, options | {"playlist_items": "1:2"})
        with downloader:
            return _fetch(downloader, url, place, spans, params)
    except Exception as error:  # what a site sends can make yt-dlp raise anything
        shutil.rmtree(place, ignore_errors=True)
        failure = failure_of(error, url, downloader.guard if downloader else None)
        met_host = failure.met_host and (downloader is None or downloader.guard.met_host)
        raise Failure(failure.reason, without_secrets(failure.message, params), met_host=met_host) from None


def without_secrets(message: str, params: FetchingParams) -> str:
    """A message that does not show the proxy's password, whoever may have quoted it."""
    password = urlsplit(params.proxy_url or "").password
    return message.replace(password, "…") if password else message


def _fetch(downloader: Downloader, url: str, place: Path, spans: Sequence[Span], params: FetchingParams) -> Fetched:
    info = the_video(downloader.extract_info(url, download=False))
    formats = info.get("requested_formats") or [info]
    refuse_strange(formats, downloader.params)
    files = [_Wanted(downloader, {**info, **one}, place / f"{index}", params) for index, one in enumerate(formats)]
    for file in files:
        file.get(spans)
    picture = next((file for file in files if file.info.get("vcodec") != "none"), files[0])
    sound = next((file for file in files if file.info.get("acodec") != "none"), files[0])
    whole = all(file.whole for file in files)
    return Fetched(picture.path, sound.path, sum(file.fetched for file in files), whole)


def the_video(info: dict[str, Any] | None) -> dict[str, Any]:
    """Of what yt-dlp found on a page, the one video.

    Raises:
        Failure: no_format, if there is none or another one beside it; live, if it has not ended.
    """
    while info and info.get("_type") in ("playlist", "multi_video"):
        entries = list(info.get("entries") or ())
        if len(entries) > 1:
            raise Failure("no_format", "yt-dlp found a page with several videos")
        info = entries[0] if entries else None
    if not info or not (info.get("requested_formats") or info.get("url")):
        raise Failure("no_format", "yt-dlp found a page, but no video in it")
    status = info.get("live_status")
    if info.get("is_live") or status in ("is_live", "is_upcoming"):
        raise Failure("live", f"a stream that has not ended ({status or 'is_live'})")
    return info


def refuse_strange(formats: Sequence[dict[str, Any]], params: dict[str, Any]) -> None:
    """No protocol but those that yt-dlp speaks by itself, behind the guard.

    Raises:
        Failure: no_format.
    """
    for one in formats:
        if get_suitable_downloader(dict(one), params) not in (HttpFD, HlsFD, DashSegmentsFD):
            raise Failure("no_format", f"nothing here speaks its protocol, {one.get('protocol')}")


class _Wanted:
    """One file of a video: in sections, or whole."""

    def __init__(self, downloader: Downloader, info: dict[str, Any], path: Path, params: FetchingParams) -> None:
        self.info, self.path = info, path
        self.fetched, self.whole = 0, False
        self._downloader, self._params = downloader, params

    def get(self, spans: Sequence[Span]) -> None:
        """Fetch what the spans need."""
        guard = self._downloader.guard
        plain = self.info.get("protocol") in ("http", "https")
        guard.allow_media(guard.max_bytes if plain else PIECE_BYTES)
        if not (plain and self._get_parts(spans)):
            before = guard.left
            self._downloader.playlist = self.info["url"] if self.info.get("protocol", "").startswith("m3u8") else None
            self.info.pop("requested_formats", None)
            self._downloader.dl(str(self.path), self.info)
            self.fetched += before - guard.left
            self.whole = True

    def _get_parts(self, spans: Sequence[Span]) -> bool:
        """Fetch it piece by piece; False if the server sends whole files alone, or another file each time."""
        remote = Remote(
            self._downloader, self.info["url"], self.info.get("http_headers") or {}, self._params.max_bytes_per_s
        )
        first = remote.ask(0, BLOCK)
        if first is None:
            return False
        file = RangedFile(remote.ask, first, self.path)
        try:
            if not worth_cutting(file.total, self.info.get("duration"), spans) or cut(file, spans) is not None:
                if file.total - file.fetched > self._downloader.guard.left:
                    raise self._downloader.guard.too_large()
                file.fill()
                self.whole = True
        except Changed:
            return False
        finally:
            self.fetched += file.fetched
        return True


def _resolve(url: str) -> Path:
    """A local file's path, by yt-dlp's generic extractor, which opens it and reads its first bytes."""
    resolver = _local_resolver()
    resolver.asked = url
    try:
        info = resolver.extract_info(url, download=False, ie_key="Generic")
    except Exception as error:
        raise failure_of(error, url) from None
    if not info.get("direct"):
        raise Failure("corrupt", "yt-dlp does not take the file for a video")
    return Path(url2pathname(urlsplit(info["url"]).path))


def _local_resolver() -> LocalFile:
    # One extractor instead of 1,800, kept: 12 ms a file instead of 100.
    if not hasattr(_of_thread, "resolver"):
        resolver = LocalFile()
        generic = get_info_extractor("Generic")()
        bind(generic, Refused)
        resolver.add_info_extractor(generic)
        _of_thread.resolver = resolver
    return _of_thread.resolver


_of_thread = threading.local()
