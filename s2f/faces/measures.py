"""The eleven craniofacial measures of the paper's table 3, on MediaPipe's mesh.

Anthropometric points (Farkas 1994) by their usual abbreviations, each at the mesh point that lies nearest. Distances
are taken in the frontal plane after the face was turned to the front, as from a frontal photograph: the mesh's depth is
a network's guess. They are divided by the distance of the outer eye corners, so that no picture's scale matters.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from s2f.faces.landmarks import frontalise

# Point: mesh indices whose mean it is. Right is the person's: at the picture's left.
POINTS: dict[str, tuple[int, ...]] = {
    "n": (168,),  # nasion: root of the nose
    "sn": (2,),  # subnasale: where nose meets upper lip
    "al_r": (129,),  # alare: nose wings at their widest
    "al_l": (358,),
    "sbal_r": (97,),  # subalare: below the nostril
    "sbal_l": (326,),
    "ls": (0,),  # labiale superius: upper lip's upper border
    "cph_r": (37,),  # crista philtri: the upper lip's two peaks
    "cph_l": (267,),
    "sto": (13, 14),  # stomion: between the lips, mid of their inner borders
    "li": (17,),  # labiale inferius: lower lip's lower border
    "ch_r": (61,),  # cheilion: mouth corners
    "ch_l": (291,),
    "gn": (152,),  # gnathion: chin
    "go_r": (172,),  # gonion: jaw angle
    "go_l": (397,),
    "zy_r": (234,),  # zygion: cheekbones at their widest
    "zy_l": (454,),
    "en_r": (133,),  # endocanthion: inner eye corners
    "en_l": (362,),
    "ex_r": (33,),  # exocanthion: outer eye corners
    "ex_l": (263,),
}

Distance = Callable[[str, str], float]


@dataclass(frozen=True)
class Measure:
    """One measure: how it is taken, and how surely the points are the anthropometric ones."""

    title: str
    definition: str  # in Farkas's abbreviations
    take: Callable[[Distance], float]
    certainty: str  # high | medium | low, after the dlib equivalents of the field's papers


def _paired(point: str) -> Callable[[Distance], float]:
    return lambda between: between(f"{point}_r", f"{point}_l")


_jaw, _nose, _mouth, _cheeks = _paired("go"), _paired("al"), _paired("ch"), _paired("zy")
_inner_eyes, _outer_eyes = _paired("en"), _paired("ex")


def _over(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0 else float("nan")


TABLE: dict[str, Measure] = {
    "upper_lip_height": Measure("upper lip height", "sn–sto", lambda d: _over(d("sn", "sto"), _outer_eyes(d)), "high"),
    "lateral_upper_lip_height": Measure(
        "lateral upper lip height",
        "mean of sbal–cph, right and left",
        lambda d: _over((d("sbal_r", "cph_r") + d("sbal_l", "cph_l")) / 2, _outer_eyes(d)),
        "low",
    ),
    "jaw_width": Measure("jaw width", "go–go", lambda d: _over(_jaw(d), _outer_eyes(d)), "medium"),
    "nose_height": Measure("nose height", "n–sn", lambda d: _over(d("n", "sn"), _outer_eyes(d)), "high"),
    "nose_width": Measure("nose width", "al–al", lambda d: _over(_nose(d), _outer_eyes(d)), "high"),
    "labio_oral_region": Measure("labio-oral region", "ch–ch", lambda d: _over(_mouth(d), _outer_eyes(d)), "high"),
    "mandibular_index": Measure(
        "mandibular index", "(sto–gn)/(go–go)", lambda d: _over(d("sto", "gn"), _jaw(d)), "medium"
    ),
    "intercanthal_index": Measure(
        "intercanthal index", "(en–en)/(ex–ex)", lambda d: _over(_inner_eyes(d), _outer_eyes(d)), "high"
    ),
    "nasal_index": Measure("nasal index", "(al–al)/(n–sn)", lambda d: _over(_nose(d), d("n", "sn")), "high"),
    "vermilion_height_index": Measure(
        "vermilion height index", "(ls–sto)/(sto–li)", lambda d: _over(d("ls", "sto"), d("sto", "li")), "high"
    ),
    "mouth_face_width_index": Measure(
        "mouth-face width index", "(ch–ch)/(zy–zy)", lambda d: _over(_mouth(d), _cheeks(d)), "low"
    ),
}

MEASURES: tuple[str, ...] = tuple(TABLE)


def measure(landmarks: NDArray[np.floating]) -> dict[str, float]:
    """Each measure of a face (478, 3) in any pose and scale; not a number where a denominator is nothing."""
    return measure_frontal(frontalise(landmarks)[:, :2])


def measure_frontal(frontal: NDArray[np.floating]) -> dict[str, float]:
    """The same of a face (478, 2) that is seen from the front."""
    place = {name: frontal[list(indices)].mean(0) for name, indices in POINTS.items()}

    def between(one: str, other: str) -> float:
        return float(np.linalg.norm(place[one] - place[other]))

    return {name: entry.take(between) for name, entry in TABLE.items()}
