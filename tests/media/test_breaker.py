import json

import pytest

from s2f.media.breaker import FILE, Breaker
from s2f.runtime import TryAgainLater


class Clock:
    """Sleeping is all that takes time."""

    def __init__(self):
        self.time, self.slept = 1_000_000.0, 0.0

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.time += seconds
        self.slept += seconds


@pytest.fixture
def clock():
    return Clock()


def breaker(folder, clock, cool_downs=3):
    return Breaker(folder, 60.0, cool_downs, clock.now, clock.sleep)


def test_nobody_waits_while_the_host_answers(tmp_path, clock):
    one = breaker(tmp_path, clock)
    one.answered(one.wait())
    assert clock.slept == 0 and one.notice() is None and not list(tmp_path.iterdir())


def test_a_refusal_makes_every_worker_wait_once(tmp_path, clock):
    one, other = breaker(tmp_path, clock), breaker(tmp_path, clock)
    asked = other.wait()
    one.refused(one.wait() + 1, "bot")
    assert "waiting until" in other.notice() and "bot" in other.notice()
    other.refused(asked, "bot")  # it was asking when the first was refused
    assert other.refusals().count == 1
    other.wait()
    assert clock.slept == pytest.approx(60) and one.notice() is None


def test_each_refusal_after_a_cool_down_doubles_the_next_and_an_answer_ends_it(tmp_path, clock):
    one = breaker(tmp_path, clock)
    for seconds in (60, 120, 240):
        clock.slept = 0
        one.refused(one.wait() + 1, "bot")
        asked = one.wait()
        assert clock.slept == pytest.approx(seconds)
    one.answered(asked)
    assert one.refusals() is None
    clock.slept = 0
    one.refused(one.wait() + 1, "bot")
    one.wait()
    assert clock.slept == pytest.approx(60)


def test_after_the_last_cool_down_the_build_ends_and_says_when_to_come_back(tmp_path, clock):
    one = breaker(tmp_path, clock, cool_downs=1)
    one.refused(one.wait() + 1, "not a bot?")
    with pytest.raises(TryAgainLater, match=r"not a bot\?.*after 1 cool-down; nothing is lost.*after \d{4}-\d\d-\d\d"):
        one.refused(one.wait() + 1, "not a bot?")
    with pytest.raises(TryAgainLater):  # a second run, or another machine, too early
        breaker(tmp_path, clock, cool_downs=1).wait()
    clock.time += 121
    later = breaker(tmp_path, clock, cool_downs=1)
    later.answered(later.wait())
    assert later.refusals() is None


def test_without_a_cool_down_the_first_refusal_ends_the_build(tmp_path, clock):
    with pytest.raises(TryAgainLater):
        breaker(tmp_path, clock, cool_downs=0).refused(clock.now(), "bot")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"count": 1}', json.dumps({"other": 1}).encode()])
def test_a_broken_file_stops_nobody(tmp_path, clock, content):
    (tmp_path / FILE).write_bytes(content)
    one = breaker(tmp_path, clock)
    one.wait()
    assert one.refusals() is None


def test_a_cool_down_is_a_day_at_most(tmp_path, clock):
    one = breaker(tmp_path, clock, cool_downs=100)
    for _ in range(20):
        clock.slept = 0
        one.refused(one.wait() + 1, "bot")
        one.wait()
    assert clock.slept == pytest.approx(86_400)
