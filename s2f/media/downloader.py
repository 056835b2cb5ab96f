"""yt-dlp behind a guard: every page, redirect, playlist, key and piece of a stream that it opens passes `guard.py`.

Of its request handlers the guarded one alone is used, and ffmpeg it never finds: nothing is handed to a program that
opens addresses by itself.
"""

import contextlib
import functools
import io
from typing import Any

import yt_dlp
from yt_dlp.networking import Request, Response

from s2f.media.addresses import PROXY_PORTS, Addresses, Origin, origin
from s2f.media.connections import Handler
from s2f.media.failures import Failure
from s2f.media.guard import PAGE_BYTES, Guard, Refused
from s2f.media.playlists import bind, check_hls
from s2f.params.fetching import FetchingParams


class _Silent:
    """A yt-dlp logger: what matters comes as an exception."""

    def debug(self, message: str) -> None:
        """Drop it."""

    info = warning = error = debug


QUIET: dict[str, Any] = {
    "quiet": True,
    "no_warnings": True,
    "noprogress": True,
    "noplaylist": True,
    "cachedir": False,
    "retries": 0,  # the caller counts attempts
    "extractor_retries": 0,
    "fragment_retries": 0,
    "skip_unavailable_fragments": False,  # a hole in a stream is no video
    "continuedl": False,
    "updatetime": False,
    "fixup": "never",
    "external_downloader": "native",
    "ffmpeg_location": "/nowhere",
    "logger": _Silent(),
}


class Downloader(yt_dlp.YoutubeDL):
    """yt-dlp for one fetch."""

    def __init__(self, url: str, params: FetchingParams, options: dict[str, Any]) -> None:
        fetching = {
            "socket_timeout": params.socket_timeout_s,
            "ratelimit": params.max_bytes_per_s,
            "cookiefile": params.cookies,
            "proxy": params.proxy_url,
            "extractor_args": {
                name.lower(): {key: list(values) for key, values in args.items()}
                for name, args in params.extractor_args.items()
            },
        }
        super().__init__(QUIET | {key: value for key, value in fetching.items() if value is not None} | options)
        self.guard = Guard(Addresses(origin(url), _origins(self.proxies)), params.max_seconds, params.max_bytes)
        self.playlist: str | None = None  # the URL under which the pieces' list is asked for once more

    def __enter__(self) -> "Downloader":
        self.guard.__enter__()
        super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.guard.__exit__(*error)
        super().__exit__(*error)

    def add_default_info_extractors(self) -> None:
        """All of them, in their order."""
        for extractor in _extractors():
            self.add_info_extractor(extractor)

    def get_info_extractor(self, ie_key: str) -> Any:
        """One that unfolds no playlist without bounds."""
        known = ie_key in self._ies_instances
        extractor = super().get_info_extractor(ie_key)
        if not known:
            bind(extractor, self.guard.refuse)
        return extractor

    def save_cookies(self) -> None:
        """Leave the user's file alone: several processes may be reading it."""

    def urlopen(self, request: Any) -> Any:
        """An answer, whose status is good."""
        made = Request(request) if isinstance(request, str) else request
        try:
            origin(made.url)  # other schemes would end in other words: no handler knows them
        except Failure as failure:
            raise self.guard.refuse(failure) from None
        if made.url == self.playlist:
            return self._playlist(made)
        answer = super().urlopen(made)
        announced = answer.headers.get("Content-Length", "")
        if self.guard.media and announced.isdecimal() and int(announced) > min(self.guard.left, self.guard.most):
            answer.close()
            raise self.guard.refuse(self.guard.too_large())
        return answer

    def _playlist(self, request: Any) -> Any:
        """A list of pieces, which is a page: it is read into memory."""
        most, self.guard.most = self.guard.most, PAGE_BYTES
        with super().urlopen(request) as answer:
            content = answer.read()
        self.guard.most = most
        try:
            check_hls(content.decode("utf-8", "ignore"))
        except Failure as failure:
            raise self.guard.refuse(failure) from None
        return Response(io.BytesIO(content), answer.url, answer.headers, answer.status)

    def build_request_director(self, handlers: Any, preferences: Any = None) -> Any:
        """Of all handlers, the guarded one."""
        return super().build_request_director([functools.partial(Handler, guard=self.guard)])


def _origins(proxies: dict[str, str | None]) -> frozenset[Origin]:
    """Hosts and ports of proxies, by scheme; yt-dlp says what is wrong with others, once it should use them."""
    found = set()
    for key, proxy in proxies.items():
        with contextlib.suppress(Failure):
            if proxy and key != "no":
                found.add(origin(proxy, PROXY_PORTS))
    return frozenset(found)


@functools.cache
def _extractors() -> tuple[Any, ...]:
    """yt-dlp's 1,800 classes; sorting them out anew would take 50 ms a video."""
    return tuple(yt_dlp.YoutubeDL(QUIET)._ies.values())


class LocalFile(yt_dlp.YoutubeDL):
    """yt-dlp for files of this machine: what a file names, a page or a playlist in disguise, is not opened."""

    def __init__(self) -> None:
        super().__init__(QUIET | {"enable_file_urls": True}, auto_init=False)
        self.asked: str | None = None  # the one URL that may be opened

    def urlopen(self, request: Any) -> Any:
        """The file that was asked for."""
        url = request if isinstance(request, str) else request.url
        if url != self.asked:
            raise Refused(Failure("unsafe_address", f"a local file leads to {url[:200]}"))
        return super().urlopen(request)
