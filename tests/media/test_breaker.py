import json

import pytest

from s2f.media.breaker import FILE, OUTAGE, Breaker
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
    one.refused("v", one.wait() + 1, "bot")
    assert "waiting until" in other.notice() and "bot" in other.notice()
    other.refused("v", asked, "bot")  # it was asking when the first was refused
    assert other.refusals().count == 1
    other.wait()
    assert clock.slept == pytest.approx(60) and one.notice() is None


def test_each_refusal_after_a_cool_down_doubles_the_next_and_an_answer_ends_it(tmp_path, clock):
    one = breaker(tmp_path, clock)
    for seconds in (60, 120, 240):
        clock.slept = 0
        one.refused("v", one.wait() + 1, "bot")
        asked = one.wait()
        assert clock.slept == pytest.approx(seconds)
    one.answered(asked)
    assert one.refusals() is None
    clock.slept = 0
    one.refused("v", one.wait() + 1, "bot")
    one.wait()
    assert clock.slept == pytest.approx(60)


def test_after_the_last_cool_down_the_build_ends_and_says_when_to_come_back(tmp_path, clock):
    one = breaker(tmp_path, clock, cool_downs=1)
    one.refused("v", one.wait() + 1, "not a bot?")
    with pytest.raises(TryAgainLater, match=r"not a bot\?.*after 1 cool-down; nothing is lost.*after \d{4}-\d\d-\d\d"):
        one.refused("v", one.wait() + 1, "not a bot?")
    with pytest.raises(TryAgainLater):  # a second run, or another machine, too early
        breaker(tmp_path, clock, cool_downs=1).wait()
    clock.time += 121
    later = breaker(tmp_path, clock, cool_downs=1)
    later.answered(later.wait())
    assert later.refusals() is None


def test_without_a_cool_down_the_first_refusal_ends_the_build(tmp_path, clock):
    with pytest.raises(TryAgainLater):
        breaker(tmp_path, clock, cool_downs=0).refused("v", clock.now(), "bot")


def test_a_video_that_a_build_ended_on_ends_no_other_and_an_answer_forgets_it(tmp_path, clock):
    one = breaker(tmp_path, clock, cool_downs=0)
    with pytest.raises(TryAgainLater):
        one.refused("v", one.wait() + 1, "bot")
    clock.time += 120
    later = breaker(tmp_path, clock, cool_downs=0)
    later.refused("v", later.wait() + 1, "bot")
    for _ in range(2 * OUTAGE):
        later.missed("v", later.wait() + 1, "reset")
    later.wait()  # and it kept nobody from asking
    assert later.gave_up_on("v") and not later.gave_up_on("w")
    with pytest.raises(TryAgainLater):
        later.refused("w", later.wait() + 1, "bot")
    clock.time += 240
    later.answered(later.wait() + 1)
    assert not later.gave_up_on("v")


def test_videos_that_were_all_missed_are_given_up_together(tmp_path, clock):
    one = breaker(tmp_path, clock, cool_downs=0)
    with pytest.raises(TryAgainLater, match="no answer for 5 videos in a row"):
        for number in range(OUTAGE):
            one.missed(f"v{number}", one.wait() + 1, "reset")
    assert all(one.gave_up_on(f"v{number}") for number in range(OUTAGE))


def test_one_video_asked_for_again_and_again_is_no_dead_line(tmp_path, clock):
    one = breaker(tmp_path, clock, cool_downs=0)
    for _ in range(2 * OUTAGE):
        one.missed("v", one.wait() + 1, "reset")
    assert one.refusals() is None


def test_an_outage_has_one_name_from_its_first_refusal_until_an_answer(tmp_path, clock):
    one, names = breaker(tmp_path, clock), []
    for _ in range(2):
        for _ in range(2):
            one.refused("v", one.wait() + 1, "bot")
            names.append(one.refusals().since)
        one.answered(one.wait() + 1)
    assert names[0] == names[1] < names[2] == names[3]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"count": 1}', json.dumps({"other": 1}).encode()])
def test_a_broken_file_stops_nobody(tmp_path, clock, content):
    (tmp_path / FILE).write_bytes(content)
    one = breaker(tmp_path, clock)
    one.wait()
    assert one.refusals() is None


def test_a_cool_down_is_a_day_at_most(tmp_path, clock):
    one = breaker(tmp_path, clock, cool_downs=100)
    for _ in range(12):  # the last would be 60 s · 2¹¹, a day and a half
        clock.slept = 0
        one.refused("v", one.wait() + 1, "bot")
        one.wait()
    assert clock.slept == pytest.approx(86_400)


@pytest.mark.parametrize("process", ["another", "the same"])
def test_a_second_run_has_cool_downs_of_its_own_and_each_is_longer_than_the_last(tmp_path, clock, process):
    one, slept = breaker(tmp_path, clock, cool_downs=2), []
    for run in range(2):
        clock.time += 1_000_000  # between the runs
        one = breaker(tmp_path, clock, cool_downs=2) if process == "another" else one
        with pytest.raises(TryAgainLater):
            while True:
                clock.slept = 0
                asked = one.wait() + 1
                slept.append(clock.slept)
                one.refused(f"v{run}", asked, "bot")
    assert slept == pytest.approx([0, 60, 120, 0, 480, 960])


def test_a_run_that_ends_ends_in_all_its_processes_and_in_one_that_came_late_to_the_outage(tmp_path, clock):
    one = breaker(tmp_path, clock, cool_downs=1)
    one.refused("v", one.wait() + 1, "bot")
    clock.time += 61
    late = breaker(tmp_path, clock, cool_downs=1)
    asked = late.wait()
    with pytest.raises(TryAgainLater):
        one.refused("v", one.wait() + 1, "bot")
    for end in (late.wait, lambda: late.refused("w", asked, "bot")):
        with pytest.raises(TryAgainLater):
            end()
