"""Section `fetching`: at what pace, in whose name and within which bounds videos are fetched. It decides no row."""

import json
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from s2f.params.base import Section

PROXY_SCHEMES = ("http", "socks4", "socks4a", "socks5", "socks5h")  # what yt-dlp's urllib speaks


class FetchingParams(Section):
    """How the paired corpus gets its videos; a `file:` URL is read where it lies, at any pace."""

    attempts: int = Field(gt=0)  # tries of a transient failure
    first_pause_s: float = Field(ge=0)  # before the second try; doubles each time
    videos_per_hour: float | None = Field(default=None, gt=0)  # of each process; null: as fast as they come
    jitter: float = Field(ge=0, le=1)  # a pause is longer or shorter by up to this share of it
    parallel: int = Field(gt=0)  # fetches at once, over all workers of each process
    max_bytes_per_s: int | None = Field(default=None, gt=0)  # of one fetch; null: unbounded
    socket_timeout_s: float = Field(gt=0)  # without a byte
    max_seconds: float = Field(gt=0)  # one fetch, from the page to the last byte
    max_gb: float = Field(gt=0)  # one fetch, 10⁹ bytes
    cookies: str | None = None  # a Netscape cookie file, read and never written
    proxy: SecretStr | None = None  # scheme://user:password@host:port; shown nowhere
    extractor_args: dict[str, dict[str, tuple[str, ...]]] = Field(default_factory=dict)  # yt-dlp's, by extractor
    keep: str | None = None  # a folder in which fetched videos stay; null: they go as soon as their rows are written
    cool_down_minutes: float = Field(gt=0)  # of silence, once a host has refused everything
    cool_downs: int = Field(ge=0)  # in one run; after them it ends, and says when to come back

    def __hash__(self) -> int:
        return hash(json.dumps(self.model_dump(mode="json"), sort_keys=True))  # a dict has no hash of its own

    @property
    def max_bytes(self) -> int:
        """Of one fetch."""
        return round(self.max_gb * 1e9)

    @property
    def proxy_url(self) -> str | None:
        """The proxy, password and all: for a connection, never for a message."""
        return self.proxy.get_secret_value() if self.proxy else None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.proxy is not None and not _is_proxy(self.proxy.get_secret_value()):
            raise ValueError(
                f"proxy is not an address with one of the schemes {', '.join(PROXY_SCHEMES)} and a host; allowed: "
                "null, or for example socks5h://user:password@proxy.example.org:1080"
            )
        return self


def _is_proxy(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in PROXY_SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
