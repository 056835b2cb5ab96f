from contextlib import contextmanager

import pytest

from s2f.media.breaker import OUTAGE, Breaker
from s2f.media.failures import REASONS, Failure, Kind
from s2f.media.patience import patiently
from s2f.runtime import TryAgainLater


class Tries:
    """An attempt that fails by these reasons, then brings something."""

    def __init__(self, *reasons):
        self.reasons, self.count = list(reasons), 0

    def __call__(self):
        self.count += 1
        if self.reasons:
            raise Failure(self.reasons.pop(0), "words")
        return "a video"


class Turns:
    """Counts turns, and knows whether one is under way."""

    def __init__(self):
        self.count, self.busy = 0, False

    @contextmanager
    def turn(self):
        self.count, self.busy = self.count + 1, True
        try:
            yield
        finally:
            self.busy = False


class Clock:
    """Of a breaker: only waiting takes time, however slow the disk is."""

    def __init__(self):
        self.time = 1_000_000.0

    def now(self):
        self.time += 0.001
        return self.time

    def sleep(self, seconds):
        self.time += seconds


@pytest.fixture
def breaker(tmp_path):
    clock = Clock()
    return Breaker(tmp_path, cool_down_s=60.0, cool_downs=1, now=clock.now, sleep=clock.sleep)


def wait(tries, params, breaker, chance=0.5, turns=None, video="v"):
    pauses, turns = [], turns or Turns()

    def pause(seconds):
        assert not turns.busy  # others go on meanwhile
        pauses.append(seconds)

    try:
        return patiently(video, tries, params, turns, breaker, pause, lambda: chance), pauses
    except Failure as failure:
        return failure, pauses


def test_the_first_good_attempt_ends_it(fetching, breaker):
    assert wait(Tries(), fetching(attempts=3), breaker) == (("a video", 1), [])
    tries = Tries("network", "timeout")
    assert wait(tries, fetching(attempts=3, first_pause_s=2.0), breaker) == (("a video", 3), [2.0, 4.0])


def test_pauses_double_and_vary_by_their_jitter(fetching, breaker):
    params = fetching(attempts=4, first_pause_s=1.0, jitter=0.5)
    for chance, pauses in ((0.0, [0.5, 1.0, 2.0]), (0.5, [1.0, 2.0, 4.0]), (1.0, [1.5, 3.0, 6.0])):
        assert wait(Tries("network", "network", "network"), params, breaker, chance)[1] == pytest.approx(pauses)


def test_every_attempt_has_a_turn_of_its_own(fetching, breaker):
    turns = Turns()
    wait(Tries("network", "network"), fetching(attempts=3), breaker, turns=turns)
    assert turns.count == 3


def test_the_last_failure_says_how_often_it_was_tried(fetching, breaker):
    failure, pauses = wait(Tries("network", "timeout", "forbidden", "network"), fetching(attempts=3), breaker)
    assert (failure.reason, failure.attempts, len(pauses)) == ("forbidden", 3, 2)


@pytest.mark.parametrize("reason", [one for one, (kind, _) in REASONS.items() if kind is not Kind.TRANSIENT])
def test_nothing_else_is_tried_again(fetching, breaker, reason):
    tries = Tries("network", reason, "network")
    failure, _ = wait(tries, fetching(attempts=9), breaker)
    assert (failure.reason, failure.attempts, tries.count) == (reason, 2, 2)


def test_a_refusal_opens_the_breaker_and_an_answer_of_any_kind_closes_it(fetching, breaker):
    for answer in (Tries(), Tries("removed")):
        wait(Tries("bot_check"), fetching(), breaker)
        assert "bot_check: words" in breaker.refusals().why
        wait(answer, fetching(), breaker)
        assert breaker.refusals() is None


def test_a_line_that_is_dead_is_told_from_videos_that_are(fetching, breaker):
    for number in range(OUTAGE - 1):
        wait(Tries("network"), fetching(), breaker, video=f"v{number}")
    wait(Tries(), fetching(), breaker)  # it lives
    for number in range(OUTAGE):
        assert breaker.refusals() is None
        failure, _ = wait(Tries("network", "timeout"), fetching(attempts=2), breaker, video=f"v{number}")
        assert failure.reason == "timeout"
    assert "no answer for 5 videos in a row, the last of them timeout: words" in breaker.refusals().why


def test_a_host_that_cannot_be_connected_to_is_absent_for_all(fetching, breaker):
    def absent():
        raise Failure("network", "Connection refused", met_host=False)

    failure, _ = wait(absent, fetching(), breaker)
    assert failure.says_nothing and breaker.refusals().why == "network: Connection refused"
    with pytest.raises(TryAgainLater):
        wait(absent, fetching(), breaker)


def test_what_is_our_own_fault_is_no_outage(fetching, breaker):
    for _ in range(2 * OUTAGE):
        wait(Tries("internal_error"), fetching(), breaker)
    assert breaker.refusals() is None


def test_after_all_cool_downs_nothing_is_asked(fetching, breaker):
    wait(Tries("bot_check"), fetching(), breaker)
    with pytest.raises(TryAgainLater):
        wait(Tries("rate_limited"), fetching(), breaker)
    unasked = Tries()
    with pytest.raises(TryAgainLater):
        wait(unasked, fetching(), breaker)
    assert unasked.count == 0


def test_an_error_of_the_program_is_not_an_outcome(fetching, breaker):
    def broken():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        wait(broken, fetching(attempts=3), breaker)
