"""Who is trained on and who is only tested: decided for each person, or video, by itself.

A group's split is a function of its name and the seed, so that a longer list moves nobody, and shares are met only as
nearly as chance does.
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

    No person is then in two groups, and no video, however few of its clips are labelled.
    """
    people: dict[str, set[str]] = {}
    for video, person in pairs:
        people.setdefault(video, set()).add(person)
    leader: dict[str, str] = {}

    def led_by(person: str) -> str:
        while person in leader:
            person = leader[person]
        return person

    for together in people.values():
        first, *others = sorted({led_by(person) for person in together})
        leader |= dict.fromkeys(others, first)
    return {video: led_by(min(together)) for video, together in people.items()}
