from collections import Counter

import pytest

from s2f.corpus.splits import SPLITS, split_of

GROUPS = [f"video{number}" for number in range(4000)]


def test_shares_are_met_as_chance_meets_them():
    found = Counter(split_of(group, 7, 0.1, 0.25) for group in GROUPS)
    assert [found[split] / len(GROUPS) for split in SPLITS] == pytest.approx([0.65, 0.1, 0.25], abs=0.03)


def test_a_split_depends_on_the_group_and_the_seed_alone():
    assert [split_of(group, 7, 0.1, 0.25) for group in GROUPS[:50]] == [
        split_of(group, 7, 0.1, 0.25) for group in GROUPS[49::-1]
    ][::-1]
    assert any(split_of(group, 7, 0.1, 0.25) != split_of(group, 8, 0.1, 0.25) for group in GROUPS[:50])


def test_a_share_of_nothing_is_nobody():
    assert {split_of(group, 7, 0.0, 0.0) for group in GROUPS} == {"train"}
