"""HTTP as yt-dlp speaks it, with connections of the guard's: no other scheme, no unpacking without bounds.

It is yt-dlp's handler for Python's urllib, which needs no other library, with the parts replaced that open connections,
unpack answers and follow redirects.
"""

import functools
import io
import urllib.parse
import urllib.request
import urllib.response
import zlib
from typing import Any

from yt_dlp.networking import _urllib
from yt_dlp.networking._helper import make_ssl_context
from yt_dlp.utils.networking import normalize_url

from s2f.media.addresses import origin
from s2f.media.failures import Failure
from s2f.media.guard import PAGE_BYTES, Answer, Guard


@functools.cache
def _ssl_context(legacy: bool) -> Any:
    """yt-dlp's, which verifies; reading all authorities anew would take 20 ms a video."""
    return make_ssl_context(legacy_support=legacy)


class Handler(_urllib.UrllibRH):
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
                guard.met_host = True
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
