"""Who is trained on and who is only tested: decided for each person, or video, by itself.

A group's split is a function of its name and the seed, so that a longer list moves nobody, and shares are met only as
nearly as chance does.
"""

from s2f.runtime import derive_seed

TRAIN, VALIDATION, TEST = SPLITS = ("train", "validation", "test")


def split_of(group: str, seed: int, validation_share: float, test_share: float = 0.0) -> str:
    """The split of a group (a person where known, else a video or picture)."""
    place = derive_seed(seed, "split", group) / 2**63  # uniform in [0, 1)
    if place < test_share:
        return TEST
    return VALIDATION if place < test_share + validation_share else TRAIN
