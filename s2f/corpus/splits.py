"""Who is trained on and who is only tested: decided for each person, or video, by itself.

A group's split is a function of its name and the seed, so that a longer list moves nobody, and shares are met only as
nearly as chance does. Labels appended to their file move a video that had none before, and of two groups that they
join the later one; everybody else stays.
"""

from collections.abc import Iterable

from s2f.runtime import derive_seed

TRAIN, VALIDATION, TEST = SPLITS = ("train", "validation", "test")


def split_of(group: str, seed: int, validation_share: float, test_share: float = 0.0) -> str:
    """The split of a group (people where known, else a video or picture)."""
    place = derive_seed(seed, "split", group) / 2**63  # uniform in [0, 1)
    if place < test_share:
        return TEST
    return VALIDATION if place < test_share + validation_share else TRAIN


def video_groups(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Video → its group, from (video, person) pairs: people who share a video are one group, named by its first.

    First is whom the pairs name first: one more pair at their end renames no group, unless it joins two.

    No person is then in two groups, and no video, however few of its clips are labelled.
    """
    people: dict[str, list[str]] = {}
    place: dict[str, int] = {}
    for video, person in pairs:
        people.setdefault(video, []).append(person)
        place.setdefault(person, len(place))
    leader: dict[str, str] = {}

    def led_by(person: str) -> str:
        while person in leader:
            person = leader[person]
        return person

    for together in people.values():
        first, *others = sorted({led_by(person) for person in together}, key=place.__getitem__)
        leader |= dict.fromkeys(others, first)
    return {video: led_by(together[0]) for video, together in people.items()}
