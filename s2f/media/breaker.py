"""A circuit breaker: when a host refuses everybody, nobody asks it any more for a while.

One state for all workers, threads or machines: a small file in the folder they share, so that it also outlives a run.
The first refusal opens it for one cool-down; each refusal after a cool-down doubles the next, also the next run's.
After so many of its own a build ends, in all its processes, and says when to come back. Whoever was already asking when
it opened is of the same wave, and counts once.
Several videos in a row that no answer came for are a refusal too: it is the line that is dead, not they.

It may be one video all the same that is refused for ever, and the last that is left to ask for. A video that a build
ended on is remembered: when the next one is refused only that, it goes on.
"""

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from s2f.media.stopping import STOP
from s2f.params.fetching import FetchingParams
from s2f.runtime import TryAgainLater, replace_file

FILE = "refused.json"
OUTAGE = 5  # videos in a row without an answer, in one process
LONGEST_S = 86_400.0  # a cool-down: whatever the host holds against us, a day is enough
POLL_S = 5.0  # how soon a waiting worker sees that another one was answered, or refused again


@dataclass(frozen=True)
class Refusals:
    """What is known of a host that refuses."""

    count: int  # cool-downs begun since it last answered
    since: float  # the first of them, seconds since 1970: names the outage
    at: float  # the last
    until: float  # the end of the cool-down
    why: str  # the host's own words
    given_up: list[str]  # videos that a build ended on since then
    ended: bool = False  # whether a build ended in this cool-down: all its processes do


class Breaker:
    """Asked before every request, and told what came of it. `now` and `sleep` are the clock's."""

    def __init__(
        self,
        folder: Path,
        cool_down_s: float,
        cool_downs: int,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = STOP.sleep,
    ) -> None:
        self.path = folder / FILE
        self.cool_down_s, self.cool_downs = cool_down_s, cool_downs
        self._now, self._sleep = now, sleep
        self._missed: list[str] = []  # different videos in a row without an answer
        self._outage, self._before = 0.0, 0  # cool-downs of the outage that began then, before this process's first
        self._lock = threading.Lock()

    def refusals(self) -> Refusals | None:
        """What all workers know; None while the host answers."""
        try:
            return Refusals(**json.loads(self.path.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):  # of another version: as good as none
            return None

    def notice(self) -> str | None:
        """Why and how long asking has to wait; None if it need not."""
        refusals = self.refusals()
        if refusals is None or refusals.until <= self._now():
            return None
        return f"waiting until {_clock(refusals.until)}: {refusals.why}"

    def wait(self) -> float:
        """Until asking is allowed again; returns the time, to be handed in with the answer.

        Raises:
            TryAgainLater: all cool-downs of this build are used up, or it was stopped.
        """
        while (refusals := self.refusals()) is not None and refusals.until > self._now():
            if refusals.ended or self._own(refusals, met=True) > self.cool_downs:
                raise self._come_back(refusals)
            self._sleep(min(POLL_S, refusals.until - self._now()))
        if refusals is not None:
            self._own(refusals, met=False)  # those until now were other runs'
        return self._now()

    def refused(self, video: str, asked_at: float, why: str) -> None:
        """The host refused the video that was asked for at this time; no news of one that a build ended on before.

        Raises:
            TryAgainLater: all cool-downs of this build are used up.
        """
        if not self.gave_up_on(video):
            with self._lock:
                self._refused([video], asked_at, why)

    def _refused(self, videos: Sequence[str], asked_at: float, why: str) -> None:
        known = self.refusals()
        if known is None or asked_at > known.at:
            now, count = self._now(), known.count + 1 if known else 1
            until = now + min(self.cool_down_s * 2 ** (count - 1), LONGEST_S)
            since, given_up = (known.since, known.given_up) if known else (now, [])
            known = Refusals(count, since, now, until, why, given_up)
            self._write(known)
        if known.ended or self._own(known, met=True) > self.cool_downs:
            known = replace(known, given_up=[*known.given_up, *videos], ended=True)
            self._write(known)
            raise self._come_back(known)

    def _own(self, refusals: Refusals, met: bool) -> int:
        """How many cool-downs of an outage this process's run has met, with or without the last."""
        if refusals.since != self._outage:
            self._outage, self._before = refusals.since, refusals.count - met
        return refusals.count - self._before

    def _write(self, refusals: Refusals) -> None:
        replace_file(self.path, json.dumps(asdict(refusals)).encode())

    def gave_up_on(self, video: str) -> bool:
        """Whether a build ended on this video, and the host has answered nobody since."""
        refusals = self.refusals()
        return refusals is not None and video in refusals.given_up

    def missed(self, video: str, asked_at: float, why: str) -> None:
        """No answer came for a video, however often it was asked for from this time on.

        Raises:
            TryAgainLater: all cool-downs of this build are used up.
        """
        if self.gave_up_on(video):
            return
        with self._lock:
            if video not in self._missed:  # the same one again says nothing about the line
                self._missed.append(video)
            if len(self._missed) >= OUTAGE:
                missed, self._missed = self._missed, []
                self._refused(missed, asked_at, f"no answer for {OUTAGE} videos in a row, the last of them {why}")

    def answered(self, asked_at: float) -> None:
        """The host answered what was asked at this time, so that it does not refuse any more."""
        with self._lock:
            self._missed = []
        refusals = self.refusals()
        if refusals is not None and asked_at > refusals.at:
            self.path.unlink(missing_ok=True)

    def _come_back(self, refusals: Refusals) -> TryAgainLater:
        self._before = refusals.count  # another run in this process has cool-downs of its own
        waits = refusals.count - 1
        return TryAgainLater(
            f"The host does not answer ({refusals.why}), after {waits} cool-down{'s' * (waits != 1)}; "
            f"nothing is lost. Run the same command again after {_clock(refusals.until)}: it goes on from here."
        )


def _clock(seconds: float) -> str:
    return datetime.fromtimestamp(seconds + 59).strftime("%Y-%m-%d %H:%M")  # never a minute too early


def breaker_of(folder: Path, params: FetchingParams) -> Breaker:
    """This process's, for builds that share a folder."""
    with _first:  # two threads that come first would each make one
        key = (folder, params.cool_down_minutes, params.cool_downs)
        if key not in _breakers:
            _breakers[key] = Breaker(folder, 60 * params.cool_down_minutes, params.cool_downs)
        return _breakers[key]


_first = threading.Lock()
_breakers: dict[tuple[Path, float, int], Breaker] = {}
