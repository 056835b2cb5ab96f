from collections import Counter

import pytest

from s2f.corpus.splits import SPLITS, split_of, video_groups

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


def test_videos_of_one_person_and_people_of_one_video_are_one_group():
    pairs = [("v1", "ann"), ("v2", "ann"), ("v3", "bob"), ("v3", "cem"), ("v4", "cem"), ("v5", "dan")]
    groups = video_groups(pairs)
    assert groups == {"v1": "ann", "v2": "ann", "v3": "bob", "v4": "bob", "v5": "dan"}
    chain = [(f"v{number}", f"p{person:03d}") for number in range(300) for person in (number, number + 1)]
    assert set(video_groups(chain).values()) == {"p000"}
    assert set(video_groups(chain[::-1]).values()) == {"p300"}


def test_who_is_in_a_group_depends_on_no_order_and_its_name_is_who_came_first():
    pairs = [("v1", "b"), ("v1", "c"), ("v2", "a"), ("v2", "c"), ("v3", "d"), ("v3", "b")]
    assert video_groups(pairs) == dict.fromkeys(("v1", "v2", "v3"), "b")
    assert video_groups(pairs[::-1]) == dict.fromkeys(("v1", "v2", "v3"), "b")
    assert video_groups([*pairs[2:], *pairs[:2]]) == dict.fromkeys(("v1", "v2", "v3"), "a")


def test_a_person_appended_to_a_video_renames_no_group():
    pairs = [("v1", "bob"), ("v2", "bob"), ("v3", "cem")]
    assert video_groups([*pairs, ("v1", "ann"), ("v4", "ann")]) == dict.fromkeys(("v1", "v2", "v4"), "bob") | {
        "v3": "cem"
    }


def test_of_two_groups_that_become_one_the_earlier_keeps_its_name():
    assert video_groups([("v1", "bob"), ("v2", "ann"), ("v2", "bob")]) == {"v1": "bob", "v2": "bob"}
