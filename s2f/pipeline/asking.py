"""What a call of the pipeline asks for: another walk, seeds, to be told how far it is."""

import math
import operator
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, NamedTuple

import torch
from torch import Tensor

from s2f.diffusion.solvers import Walk, sampler_named
from s2f.params.generation import MOST_GUIDANCE
from s2f.params.labels import GENDERS, OLDEST
from s2f.pipeline.pixels import at_once
from s2f.runtime import InputError, derive_seed

MOST_SEED = 2**63 - 1
NEW_SEEDS = 2**53  # of those that are chosen here: every reader of JSON keeps their digits


class Step(NamedTuple):
    """What a callback is told: `step` of `steps` of a stage, 'face' or 'enlarge', and the pictures as seen so far."""

    stage: str
    step: int
    steps: int
    pictures: Tensor  # (b, 3, s, s) in [−1, 1]: the rows that are being drawn


def changed(walk: Walk, scheduler: Any, steps: int | None, threshold: float | None = None) -> Walk:
    """The walk with what a caller asks for in place of its own.

    Raises:
        InputError: no such scheduler, or no such threshold.
    """
    if threshold is not None and not 0 <= threshold <= 1:
        raise InputError(f"threshold {threshold}; allowed: 0 to 1, the share of numbers that stay in range.")
    return Walk(
        walk.sampler if scheduler is None else sampler_named(scheduler),
        walk.steps if steps is None else whole("steps", steps),
        walk.threshold if threshold is None else threshold,
    )


def choose_seeds(
    seed: int | Sequence[int] | None,
    generator: torch.Generator | Sequence[torch.Generator] | None,
    images: int,
) -> list[int]:
    """The seeds (images,) of a voice's pictures.

    Raises:
        InputError: none is asked for, or as many seeds as there are images were not given.
    """
    images = whole("num_images", images)
    if images < 1:
        raise InputError(f"num_images {images}; allowed: 1 or more.")
    if seed is not None and generator is not None:
        raise InputError("seed and generator were both given; allowed: one of them, or neither.")
    if isinstance(generator, Sequence):
        seed = [int(torch.randint(NEW_SEEDS, (1,), generator=one, device=one.device)) for one in generator]
    elif seed is None:
        device = None if generator is None else generator.device
        return [int(one) for one in torch.randint(NEW_SEEDS, (images,), generator=generator, device=device)]
    if not isinstance(seed, Sequence):
        own = whole("seed", seed)
        return [derive_seed(own, "face", number) % NEW_SEEDS for number in range(images)]
    if len(seed) != images:
        raise InputError(f"{len(seed)} seeds for num_images {images}; allowed: one seed, or one for each image.")
    return [whole("seed", one) for one in seed]


def whole(name: str, value: Any) -> int:
    """A whole number, numpy's and torch's among them.

    Raises:
        InputError: it is none.
    """
    try:
        return operator.index(value)
    except TypeError:
        raise InputError(f"{name} {value!r}; allowed: whole numbers.") from None


def checked_guidance(w: Any) -> float:
    """A guidance weight that a picture survives; numpy's and torch's numbers among them.

    Raises:
        InputError: it is none.
    """
    try:
        found = float(w)
    except (TypeError, ValueError, RuntimeError):  # the last is torch's, of several numbers
        found = math.nan
    if not abs(found) <= MOST_GUIDANCE:
        raise InputError(f"guidance {w}; allowed: numbers within ±{MOST_GUIDANCE:g}; the paper draws with 0 to 4.")
    return found


def side_of(asked: int | str | None, small_px: int, image_px: int) -> int:
    """The side in pixels that is asked for: as a number, as 'small' or 'full', or not at all.

    Raises:
        InputError: no picture of that size is made.
    """
    side = {"full": image_px, "small": small_px, str(small_px): small_px, str(image_px): image_px}
    found = side.get("full" if asked is None else str(asked))
    if found is None:
        raise InputError(f"output_size {asked}; allowed: small ({small_px}) or full ({image_px}).")
    return found


def known_attributes(names: Sequence[str], age: float | None, gender: str | None) -> list[float]:
    """What is asked of each attribute that the decoder knows, as a number; not known is not a number.

    Raises:
        InputError: the decoder was trained without what is asked for, or nobody has such an age or gender.
    """
    if age is not None and not 0 <= age <= OLDEST:
        raise InputError(f"age {age} is no person's; allowed: 0 to {OLDEST} years, or none.")
    if gender is not None and gender not in GENDERS:
        raise InputError(f"gender {gender!r} is not known; allowed: {', '.join(GENDERS)}, or none.")
    asked = {"age": age, "gender": None if gender is None else GENDERS[gender]}
    for name, value in asked.items():
        if value is not None and name not in names:
            raise InputError(
                f"the face decoder knows no {name}; allowed: one trained with face_decoder.attributes [{name}], or "
                "asking for none."
            )
    numbers = [asked[name] for name in names]
    return [math.nan if number is None else float(number) for number in numbers]


def told(
    callback: Callable[[Step], None] | None, stage: str, part: int, walk: Walk, image_px: int, rows: int
) -> Callable[[Tensor], None] | None:
    """What tells the callback of the steps of one part of the rows, counted over all parts."""
    if callback is None:
        return None
    done, steps = count(part * walk.steps + 1), walk.steps * math.ceil(rows / at_once(image_px))
    return lambda seen: callback(Step(stage, next(done), steps, seen))
