"""A circuit breaker: when a host refuses everybody, nobody asks it any more for a while.

One state for all workers, threads or machines: a small file in the folder they share, so that it also outlives a run.
The first refusal opens it for one cool-down; each refusal after a cool-down doubles the next. After the last one the
build ends and says when to come back. Whoever was already asking when it opened is of the same wave, and counts once.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from s2f.runtime import TryAgainLater, replace_file

FILE = "refused.json"
LONGEST_S = 86_400.0  # a cool-down: whatever the host holds against us, a day is enough
POLL_S = 5.0  # how soon a waiting worker sees that another one was answered, or refused again


@dataclass(frozen=True)
class Refusals:
    """What is known of a host that refuses."""

    count: int  # cool-downs begun since it last answered
    at: float  # the last refusal, seconds since 1970
    until: float  # the end of the cool-down
    why: str  # the host's own words


class Breaker:
    """Asked before every request, and told what came of it. `now` and `sleep` are the clock's."""

    def __init__(
        self,
        folder: Path,
        cool_down_s: float,
        cool_downs: int,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.path = folder / FILE
        self.cool_down_s, self.cool_downs = cool_down_s, cool_downs
        self._now, self._sleep = now, sleep

    def refusals(self) -> Refusals | None:
        """What all workers know; None while the host answers."""
        try:
            return Refusals(**json.loads(self.path.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):  # of another version: as good as none
            return None

    def is_open(self) -> bool:
        """Whether asking has to wait."""
        refusals = self.refusals()
        return refusals is not None and refusals.until > self._now()

    def wait(self) -> float:
        """Until asking is allowed again; returns the time, to be handed in with the answer.

        Raises:
            TryAgainLater: all cool-downs of this build are used up.
        """
        while (refusals := self.refusals()) is not None and refusals.until > self._now():
            if refusals.count > self.cool_downs:
                raise self._come_back(refusals)
            self._sleep(min(POLL_S, refusals.until - self._now()))
        return self._now()

    def refused(self, asked_at: float, why: str) -> None:
        """The host refused what was asked at this time.

        Raises:
            TryAgainLater: all cool-downs of this build are used up.
        """
        before = self.refusals()
        if before is None or asked_at > before.at:
            count = before.count + 1 if before else 1
            now = self._now()
            before = Refusals(count, now, now + min(self.cool_down_s * 2 ** (count - 1), LONGEST_S), why)
            replace_file(self.path, json.dumps(asdict(before)).encode())
        if before.count > self.cool_downs:
            raise self._come_back(before)

    def answered(self, asked_at: float) -> None:
        """The host answered what was asked at this time, so that it does not refuse any more."""
        refusals = self.refusals()
        if refusals is not None and asked_at > refusals.at:
            self.path.unlink(missing_ok=True)

    def _come_back(self, refusals: Refusals) -> TryAgainLater:
        waits = refusals.count - 1
        when = datetime.fromtimestamp(refusals.until).strftime("%Y-%m-%d %H:%M")
        return TryAgainLater(
            f"The host refuses to answer ({refusals.why}), after {waits} cool-down{'s' * (waits != 1)}; "
            f"nothing is lost. Run the same command again after {when}: it goes on from here."
        )
