"""yt-dlp behind a guard: every page, redirect, playlist, key and piece of a stream that it opens passes `guard.py`.

Of its request handlers urllib's alone is used, with connections of the guard's; ffmpeg it never finds, so that nothing
is handed to a program that opens addresses by itself.
"""

import functools
import io
import urllib.error
import urllib.parse
import urllib.request
import urllib.response
import zlib
from typing import Any

import yt_dlp
from yt_dlp.networking import Request, _urllib
from yt_dlp.networking._helper import make_ssl_context
from yt_dlp.utils.networking import normalize_url

from s2f.media.addresses import PROXY_PORTS, Addresses, origin
from s2f.media.failures import Failure
from s2f.media.guard import PAGE_BYTES, Answer, Guard, Refused
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
        proxies = (proxy for key, proxy in self.proxies.items() if key != "no" and proxy)
        addresses = Addresses(origin(url), frozenset(origin(proxy, PROXY_PORTS) for proxy in proxies))
        self.guard = Guard(addresses, params.max_seconds, params.max_bytes)

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

    def save_cookies(self) -> None:
        """Leave the user's file alone: several processes may be reading it."""

    def urlopen(self, request: Any) -> Any:
        """An answer, whose status is good."""
        made = Request(request) if isinstance(request, str) else request
        try:
            origin(made.url)  # other schemes would end in other words: no handler knows them
        except Failure as failure:
            raise self.guard.refuse(failure) from None
        answer = super().urlopen(made)
        announced = answer.headers.get("Content-Length", "")
        if self.guard.media and announced.isdecimal() and int(announced) > min(self.guard.left, self.guard.most):
            answer.close()
            raise self.guard.refuse(self.guard.too_large())
        return answer

    def build_request_director(self, handlers: Any, preferences: Any = None) -> Any:
        """Of all handlers, the guarded one."""
        return super().build_request_director([functools.partial(_Handler, guard=self.guard)])


@functools.cache
def _extractors() -> tuple[Any, ...]:
    """yt-dlp's 1,800 classes; sorting them out anew would take 50 ms a video."""
    return tuple(yt_dlp.YoutubeDL(QUIET)._ies.values())


@functools.cache
def _ssl_context(legacy: bool) -> Any:
    """yt-dlp's, which verifies; reading all authorities anew would take 20 ms a video."""
    return make_ssl_context(legacy_support=legacy)


class _Handler(_urllib.UrllibRH):
    """yt-dlp's urllib handler, for http and https alone."""

    _SUPPORTED_URL_SCHEMES = ("http", "https")
    RH_KEY = RH_NAME = "guarded"

    def __init__(self, *, guard: Guard, **options: Any) -> None:
        super().__init__(**options)
        self.guard = guard

    def _create_instance(self, proxies: Any, cookiejar: Any, legacy_ssl_support: Any = None) -> Any:
        opener = urllib.request.OpenerDirector()
        context = self._make_sslcontext(legacy_ssl_support=legacy_ssl_support)
        for handler in (
            _urllib.ProxyHandler(proxies),
            _Connections(self.guard, context=context, source_address=self.source_address),
            urllib.request.HTTPCookieProcessor(cookiejar),
            urllib.request.UnknownHandler(),
            urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.HTTPErrorProcessor(),
            _Redirects(self.guard),
        ):
            opener.add_handler(handler)
        opener.addheaders = []
        return opener

    def _make_sslcontext(self, legacy_ssl_support: bool | None = None) -> Any:
        return _ssl_context(bool(legacy_ssl_support))

    def _prepare_headers(self, _: Any, headers: Any) -> None:
        headers.setdefault("Accept-Encoding", "gzip, deflate")  # what can be unpacked within bounds


class _Connections(_urllib.HTTPHandler):
    """Opens connections through the guard, and unpacks no more than a page."""

    def __init__(self, guard: Guard, **options: Any) -> None:
        super().__init__(**options)
        self.guard = guard

    def _make_conn_class(self, base: Any, request: Any) -> Any:
        guard: Guard = self.guard
        connection: Any = _urllib.HTTPHandler._make_conn_class(base, request)

        class Guarded(connection):
            response_class = type("GuardedAnswer", (Answer,), {"guard": guard})

            def connect(self) -> None:
                self._create_connection = guard.connect
                super().connect()
                guard.watch(self.sock)

        return Guarded

    def http_request(self, request: Any) -> Any:
        """Every request passes here, redirected ones too."""
        self.guard.check(request.full_url)
        return super().http_request(request)

    def http_response(self, request: Any, answer: Any) -> Any:
        """The answer, unpacked if it is packed."""
        packings = [one.strip().lower() for one in answer.headers.get("Content-Encoding", "").split(",")]
        windows = [{"gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}.get(one) for one in packings if one]
        content = None
        for window in reversed(windows):
            if window is None:  # not asked for: whoever reads it will say that it is no page
                break
            try:
                content = unpack(answer.read() if content is None else content, window)
            except Failure as failure:
                raise self.guard.refuse(failure) from None
        if content is None:
            return answer
        unpacked = urllib.response.addinfourl(io.BytesIO(content), answer.headers, answer.url, answer.code)
        unpacked.msg = answer.msg  # type: ignore[attr-defined]
        return unpacked

    https_request, https_response = http_request, http_response


def unpack(content: bytes, window: int, most: int = PAGE_BYTES) -> bytes:
    """Unpacked bytes, of zlib's `window` kind.

    Raises:
        Failure: too_large; a kilobyte can hold a gigabyte.
        zlib.error: they are no such bytes.
    """
    unpacker = zlib.decompressobj(window)
    try:
        unpacked = unpacker.decompress(content, most)
    except zlib.error:
        if window != zlib.MAX_WBITS:
            raise
        unpacker = zlib.decompressobj(-window)  # what some servers call deflate
        unpacked = unpacker.decompress(content, most)
    if unpacker.unconsumed_tail:
        raise Failure("too_large", f"more than {most:,} bytes once unpacked")
    return unpacked


class _Redirects(_urllib.RedirectHandler):
    """Follows to web pages alone, and says so."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard

    def http_error_302(self, request: Any, answer: Any, code: int, words: str, headers: Any) -> Any:
        """Follow, if the place is a web page."""
        location = headers.get("Location") or headers.get("URI")
        if location:
            del headers["Location"], headers["URI"]
            place = urllib.parse.urljoin(request.full_url, normalize_url(location.encode("iso-8859-1").decode()))
            try:
                origin(place)
            except Failure as failure:
                raise self.guard.refuse(failure) from None
            headers["Location"] = place
        return super().http_error_302(request, answer, code, words, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


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
