"""The videos of one shard, fetched in the background in the order in which they will be looked at.

What was lost for a moment is asked for once more when its turn comes to be looked at: some time later, and after the
breaker's cool-down if there was one. What a host's refusal or absence lost is asked for until it was there for another
video in between: only then is it this one's own end.
"""

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from types import TracebackType
from typing import Self

from s2f.corpus.cliplist import Clip
from s2f.corpus.plan import Item
from s2f.media.breaker import breaker_of
from s2f.media.failures import Failure, Kind
from s2f.media.fetch import fetch_video
from s2f.media.fetched import Fetched, Span
from s2f.media.formats import formats_of
from s2f.media.pace import pace_of
from s2f.media.patience import patiently
from s2f.media.store import Store
from s2f.media.urls import video_path, video_url
from s2f.params.fetching import FetchingParams
from s2f.params.speech_faces import SpeechFacesParams
from s2f.runtime import file_sha256

AGAIN = (Kind.TRANSIENT, Kind.BLOCKED)
Result = tuple[Fetched, int] | Failure


class Fetching:
    """Entered for one shard; leaving it waits for fetches under way and begins no other."""

    def __init__(self, params: SpeechFacesParams, fetching: FetchingParams, media: Path, most_seconds: float) -> None:
        self._params, self._fetching, self._most_seconds = params, fetching, most_seconds
        self._store, self._media, self._breaker = Store(media), media, breaker_of(media, fetching)
        self._formats = formats_of(media)
        self._asker = asker(fetching)
        self._pool = ThreadPoolExecutor(fetching.parallel, "fetching")
        self._spans: dict[str, list[Span]] = {}
        self._first: dict[str, Future[Result]] = {}
        self._results: dict[str, Result] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def begin(self, batches: Sequence[Sequence[Item]]) -> None:
        """Start fetching what has to be fetched, a video's clips at once."""
        for batch in batches:
            clips = [item.what for item in batch if isinstance(item.what, Clip)]
            used = [clip for clip in clips if clip.end_s - clip.start_s >= self._params.min_seconds]
            if not used:
                continue
            video = used[0].youtube_id
            self._spans[video] = sorted(
                {(clip.start_s, min(clip.end_s, clip.start_s + self._most_seconds)) for clip in used}
            )
            if not self._is_local(video):
                self._first[video] = self._pool.submit(copy_context().run, self._fetch, video)  # stops with it

    def result(self, video: str) -> tuple[Fetched, int]:
        """A video that was begun, and the attempts it took.

        Raises:
            Failure: why there is none.
            TryAgainLater: the host refuses.
        """
        if video not in self._results:
            first = self._first.pop(video).result() if video in self._first else self._fetch(video)
            self._results[video] = first if self._is_local(video) else self._asked_again(video, first)
        known = self._results[video]
        if isinstance(known, Failure):
            raise known
        return known

    def look_again(self, video: str) -> None:
        """Take it for not asked: what was there has changed, or is gone."""
        self._results.pop(video, None)

    def _asked_again(self, video: str, result: Result) -> Result:
        """Its end, with all attempts counted."""
        before, words, outages = 0, 0, set()
        while isinstance(result, Failure):
            if result.says_nothing:
                refusals = self._breaker.refusals()
                outages.add(refusals.since if refusals else 0.0)  # 0: another video was answered already
            else:
                words += 1
            final = words > 1 or len(outages) > 1 or self._breaker.gave_up_on(video)
            if final or result.kind not in AGAIN:
                return result.after(before + result.attempts)
            before += result.attempts
            result = self._fetch(video)
        return result[0], before + result[1]

    def _fetch(self, video: str) -> Result:
        url, spans = video_url(self._params.url, self._params.source, video), self._spans[video]
        height = self._params.max_height
        try:
            if self._is_local(video):  # asked of nobody
                return fetch_video(url, self._media, spans, self._fetching, height), 1

            def get(folder: Path, spans: Sequence[Span]) -> tuple[Fetched, int]:
                try:
                    brought = patiently(
                        video,
                        lambda: fetch_video(url, folder, spans, self._fetching, height),
                        self._fetching,
                        pace_of(self._fetching),
                        self._breaker,
                    )
                except Failure as failure:
                    if failure.reason == "no_format":
                        self._formats.lacking(video, failure.message)
                    raise
                self._formats.found()
                return brought

            asked = hashlib.sha256(f"{height} {url}".encode()).hexdigest()
            return self._store.get(video, asked, self._asker, spans, get)
        except Failure as failure:
            return failure

    def _is_local(self, video: str) -> bool:
        return video_path(self._params.url, self._params.source, video) is not None


def asker(fetching: FetchingParams) -> str:
    """In whose name videos are asked for: hex sha256 of cookies, proxy and yt-dlp's arguments."""
    try:
        cookies = file_sha256(fetching.cookies) if fetching.cookies else ""
    except OSError:
        cookies = ""  # yt-dlp will say what is wrong with them
    name = json.dumps([cookies, fetching.proxy_url, fetching.extractor_args], sort_keys=True)
    return hashlib.sha256(name.encode()).hexdigest()
