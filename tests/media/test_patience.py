import pytest

from s2f.media.failures import REASONS, Failure, Kind
from s2f.media.patience import patiently


class Tries:
    """An attempt that fails by these reasons, then brings something."""

    def __init__(self, *reasons):
        self.reasons, self.count = list(reasons), 0

    def __call__(self):
        self.count += 1
        if self.reasons:
            raise Failure(self.reasons.pop(0), "words")
        return "a video"


def wait(tries, params, chance=0.5):
    pauses = []
    try:
        return patiently(tries, params, pauses.append, lambda: chance), pauses
    except Failure as failure:
        return failure, pauses


def test_the_first_good_attempt_ends_it(fetching):
    assert wait(Tries(), fetching(attempts=3)) == (("a video", 1), [])
    assert wait(Tries("network", "timeout"), fetching(attempts=3, first_pause_s=2.0)) == (("a video", 3), [2.0, 4.0])


def test_pauses_double_and_vary_by_their_jitter(fetching):
    params = fetching(attempts=4, first_pause_s=1.0, jitter=0.5)
    for chance, pauses in ((0.0, [0.5, 1.0, 2.0]), (0.5, [1.0, 2.0, 4.0]), (1.0, [1.5, 3.0, 6.0])):
        assert wait(Tries("network", "network", "network"), params, chance)[1] == pytest.approx(pauses)


def test_the_last_failure_says_how_often_it_was_tried(fetching):
    failure, pauses = wait(Tries("network", "timeout", "forbidden", "network"), fetching(attempts=3))
    assert (failure.reason, failure.attempts, len(pauses)) == ("forbidden", 3, 2)


@pytest.mark.parametrize("reason", [one for one, (kind, _) in REASONS.items() if kind is not Kind.TRANSIENT])
def test_nothing_else_is_tried_again(fetching, reason):
    tries = Tries("network", reason, "network")
    failure, _ = wait(tries, fetching(attempts=9))
    assert (failure.reason, failure.attempts, tries.count) == (reason, 2, 2)


def test_an_error_of_the_program_is_not_an_outcome(fetching):
    def broken():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        patiently(broken, fetching(attempts=3))
