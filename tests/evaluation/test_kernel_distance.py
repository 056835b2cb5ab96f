import tracemalloc

import numpy as np
import pytest

from s2f.evaluation import kernel_distance
from s2f.evaluation.kernel_distance import fold, of_one, of_two


def unit(n: int, seed: int, shift: float = 0.0, d: int = 16) -> np.ndarray:
    x = np.random.default_rng(seed).normal(size=(n, d))
    x[:, 0] += shift
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def by_hand(x: np.ndarray, y: np.ndarray, people: np.ndarray) -> float:
    """The mean of h over ordered pairs of rows of different people, one at a time."""
    k = lambda a, b: (float(a @ b) + 1) ** 3  # noqa: E731
    found = [
        k(x[i], x[j]) + k(y[i], y[j]) - k(x[i], y[j]) - k(y[i], x[j])
        for i in range(len(x))
        for j in range(len(x))
        if people[i] != people[j]
    ]
    return float(np.mean(found))


@pytest.fixture
def study() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Thirty clips of ten people in five groups, true and generated."""
    people = np.repeat(np.arange(10), 3)
    return unit(30, 0), unit(30, 1, 0.7), people, people % 5


def test_it_is_the_mean_over_pairs_of_different_people(study) -> None:
    x, y, people, group = study
    sums = fold(of_two(x, y), people, group, 5)
    assert sums.mean(np.ones(5, dtype=bool)) == pytest.approx(by_hand(x, y, people), rel=1e-4)
    some = np.array([True, False, True, True, False])
    rows = some[group]
    assert sums.mean(some) == pytest.approx(by_hand(x[rows], y[rows], people[rows]), rel=1e-4)


def test_changed_signs_are_exchanged_faces(study) -> None:
    x, y, people, group = study
    signs = np.ones((2, 30), dtype=np.int8)
    signs[1, people < 4] = -1
    sums = fold(of_two(x, y), people, group, 5, signs)
    exchanged = (people < 4)[:, None]
    found = sums.signed / sums.count.sum()
    assert found[0] == pytest.approx(by_hand(x, y, people), rel=1e-4)
    assert found[1] == pytest.approx(by_hand(np.where(exchanged, y, x), np.where(exchanged, x, y), people), rel=1e-4)


def test_halves_of_one_cloud_are_apart_as_two_clouds_of_their_own(study) -> None:
    x, _, people, group = study
    half = np.array([True, True, False, False, False])
    a, b = x[half[group]], x[~half[group]]
    same = people[half[group]][:, None] == people[half[group]][None]
    other = people[~half[group]][:, None] == people[~half[group]][None]
    k = lambda p, q: (p.astype(float) @ q.T.astype(float) + 1) ** 3  # noqa: E731
    expected = k(a, a)[~same].mean() + k(b, b)[~other].mean() - 2 * k(a, b).mean()
    assert fold(of_one(x), people, group, 5).apart(half) == pytest.approx(expected, rel=1e-4)


def test_blocks_change_nothing_and_memory_does_not_grow_with_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    def peak(n: int, block: int) -> tuple[float, int]:
        monkeypatch.setattr(kernel_distance, "BLOCK", block)
        x, y, people = unit(n, 0), unit(n, 1), np.arange(n)
        tracemalloc.start()
        value = fold(of_two(x, y), people, people % 20, 20).mean(np.ones(20, dtype=bool))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return value, most

    few, many = peak(500, 200), peak(2000, 200)
    assert many[1] < 2 * few[1]  # four times the rows, sixteen times the pairs
    assert few[0] == pytest.approx(peak(500, 10_000)[0], abs=1e-6)


def test_a_cloud_without_variety_is_seen_that_a_straight_line_would_not_see() -> None:
    x = unit(400, 0)
    dull = x.mean(0) + 0.3 * (unit(400, 1) - x.mean(0))  # the same mean, a third of the variety
    people = np.arange(400)
    seen = fold(of_two(x, dull), people, people % 5, 5).mean(np.ones(5, dtype=bool))
    d = np.sqrt(512)
    plain = fold(of_two(x / d, dull / d), people, people % 5, 5).mean(np.ones(5, dtype=bool))  # KID's, at length one
    straight = float(np.square(x.mean(0) - dull.mean(0)).sum())
    assert seen > 20 * straight
    assert abs(plain) * 512 < seen / 20
