import threading
import time

import pytest

from s2f.media.pace import Pace, pace_of


class Clock:
    """Time that passes when somebody sleeps, and when it is told to."""

    def __init__(self):
        self.now = 1000.0
        self._lock = threading.Lock()

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        with self._lock:
            self.now += seconds


def begins(pace, clock, count, lasting=0.0):
    found = []
    for _ in range(count):
        with pace.turn():
            found.append(clock.now - 1000.0)
            clock.now += lasting
    return found


def paced(fetching, chance=0.5, **changed):
    clock = Clock()
    return Pace(fetching(**changed), clock, clock.sleep, lambda: chance), clock


def test_videos_begin_an_interval_apart(fetching):
    pace, clock = paced(fetching, videos_per_hour=360.0)
    assert begins(pace, clock, 4) == [0.0, 10.0, 20.0, 30.0]
    assert begins(pace, clock, 2, lasting=4.0) == [40.0, 50.0]


def test_quiet_earns_nothing(fetching):
    pace, clock = paced(fetching, videos_per_hour=360.0)
    assert begins(pace, clock, 3, lasting=25.0) == [0.0, 25.0, 50.0]
    assert begins(pace, clock, 2) == [75.0, 85.0]


def test_intervals_vary_by_their_jitter(fetching):
    for chance, interval in ((0.0, 7.0), (1.0, 13.0)):
        pace, clock = paced(fetching, chance, videos_per_hour=360.0, jitter=0.3)
        assert begins(pace, clock, 3) == pytest.approx([0.0, interval, 2 * interval])


def test_without_a_limit_nobody_waits(fetching):
    pace, clock = paced(fetching)
    assert begins(pace, clock, 5) == [0.0] * 5


def test_threads_share_places_and_intervals(fetching):
    clock = Clock()
    pace = Pace(fetching(parallel=2, videos_per_hour=3600.0), clock, clock.sleep)
    inside, most, booked, lock = [], [], [], threading.Lock()

    def fetch():
        with pace.turn():
            with lock:
                inside.append(1)
                most.append(len(inside))
            time.sleep(0.005)
            with lock:
                inside.pop()
                booked.append(1)

    threads = [threading.Thread(target=fetch) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(booked) == 8 and max(most) <= 2
    assert clock.now - 1000.0 >= 7.0  # eight begins, a second apart


def test_a_place_is_free_again_after_an_error(fetching):
    pace, clock = paced(fetching, parallel=1)
    for _ in range(3):
        with pytest.raises(ValueError, match="lost"), pace.turn():
            raise ValueError("lost")
    assert begins(pace, clock, 1) == [0.0]


def test_a_process_has_one_pace_for_the_same_parameters(fetching):
    assert pace_of(fetching(videos_per_hour=5.0)) is pace_of(fetching(videos_per_hour=5.0))
    assert pace_of(fetching(videos_per_hour=5.0)) is not pace_of(fetching(videos_per_hour=6.0))
