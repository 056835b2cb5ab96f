import numpy as np
import pytest

from s2f.evaluation.retrieval import recall
from s2f.evaluation.statistics import Plan


def vectors(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 64)) + 3.0  # a common part, which centring takes away


def test_the_same_vectors_find_themselves_first(plan) -> None:
    found = recall(vectors(40), vectors(40), np.arange(40), (1, 5), plan)
    assert found["at_1"]["value"] == found["at_5"]["value"] == 1.0
    assert found["at_5"]["chance"] == pytest.approx(5 / 40)
    assert found["gallery"] == 40
    assert found["at_5"]["shuffled"]["value"] < 0.2


def test_unrelated_vectors_are_at_chance(plan) -> None:
    found = recall(vectors(300, 1), vectors(300, 2), np.arange(300), (30,), plan)["at_30"]
    assert found["low"] <= 0.1 <= found["high"]
    assert found["shuffled"]["value"] == pytest.approx(0.1, abs=0.01)


def test_a_model_that_says_the_same_of_everybody_finds_nobody(plan) -> None:
    found = recall(np.ones((30, 8)), vectors(30), np.arange(30), (10,), plan)["at_10"]
    assert found["value"] is None
    assert "the same" in found["reason"]


def test_a_tie_counts_against_the_query(plan) -> None:
    queries = np.array([[1.0, 0], [-1, 0], [1, 0], [-1, 0]])
    assert recall(queries, queries, np.arange(4), (1,), plan)["at_1"]["value"] == 0.0
    assert recall(queries, queries, np.arange(4), (2,), plan)["at_2"]["value"] == 1.0


def test_other_clips_of_the_same_person_are_no_rivals(plan) -> None:
    once = vectors(20)
    both = np.concatenate([once, once])
    found = recall(both, both, np.tile(np.arange(20), 2), (1,), plan)
    assert found["at_1"]["value"] == 1.0
    assert found["gallery"] == 39


def test_with_strata_only_the_same_stratum_rivals(plan) -> None:
    found = recall(vectors(40), vectors(40), np.arange(40), (5,), plan, strata=np.arange(40) < 10)
    assert found["gallery"] == pytest.approx((10 * 10 + 30 * 30) / 40)
    assert found["at_5"]["chance"] == pytest.approx((10 * 5 / 10 + 30 * 5 / 30) / 40, abs=1e-6)
    assert found["at_5"]["shuffled"]["value"] == pytest.approx(found["at_5"]["chance"], abs=0.05)
    assert found["at_5"]["shuffled_p"] < 0.01


def test_a_gallery_of_one_ranks_nothing(plan) -> None:
    assert "ranks nothing" in recall(vectors(1), vectors(1), np.arange(1), (1,), plan)["at_1"]["reason"]


@pytest.mark.parametrize("clips", [np.full(20, 6), np.arange(30) % 4 + 1])
def test_where_nothing_is_related_luck_says_so_however_many_clips_people_have(clips: np.ndarray) -> None:
    rng, trials, reached = np.random.default_rng(13), 200, np.zeros(2)
    people = np.repeat(np.arange(len(clips)), clips)
    for trial in range(trials):
        queries, gallery = (
            rng.normal(size=(len(clips), 16))[people] + 0.3 * rng.normal(size=(len(people), 16)) for _ in range(2)
        )
        found = recall(queries, gallery, people, (5, 10), Plan(0.95, 100, trial))
        reached += [found[f"at_{k}"]["shuffled_p"] <= 0.05 for k in (5, 10)]
    assert max(reached) <= 0.1 * trials


def test_the_shuffled_share_knows_that_a_persons_faces_are_alike(plan) -> None:
    rng, people = np.random.default_rng(14), np.repeat(np.arange(20), 6)
    queries, gallery = (vectors(20, seed)[people] + 0.01 * rng.normal(size=(120, 64)) for seed in (1, 2))
    found = recall(queries, gallery, people, (1,), plan)["at_1"]
    assert found["chance"] == pytest.approx(1 / 115, abs=1e-6)  # as if all were other people's
    assert found["shuffled"]["value"] == pytest.approx(1 / 19, abs=0.01)  # one of nineteen others
