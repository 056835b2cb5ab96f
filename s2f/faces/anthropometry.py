"""The eleven craniofacial measures of the paper's table 3, as one table: what is measured, from where to where.

The list is Speech2Face's (Oh et al. 2019), which the paper takes over; the points and what lies between them are those
of anthropometry (Farkas 1994, Anthropometry of the Head and Face), by their usual abbreviations. Neither paper says
which of a landmarker's points it took: ours are those that lie nearest, and `certainty` says how sure we are of it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Landmarker = Literal["mesh", "dlib"]


@dataclass(frozen=True)
class Point:
    """A point of the face and where each landmarker has it: the indices whose mean it is."""

    title: str
    mesh: tuple[int, ...]  # of MediaPipe's 478
    dlib: tuple[int, ...]  # of the 68, from 0


# Right is the person's own: at the picture's left.
POINTS: dict[str, Point] = {
    "n": Point("nasion: root of the nose", (168,), (27,)),
    "sn": Point("subnasale: where nose meets upper lip", (2,), (33,)),
    "al_r": Point("alare: right nose wing at its widest", (129,), (31,)),
    "al_l": Point("the left one", (358,), (35,)),
    "sbal_r": Point("subalare: below the right nostril", (97,), (32,)),  # the 68 have none: their nostrils
    "sbal_l": Point("the left one", (326,), (34,)),
    "ls": Point("labiale superius: upper lip's upper border", (0,), (51,)),
    "cph_r": Point("crista philtri: the upper lip's right peak", (37,), (50,)),
    "cph_l": Point("the left one", (267,), (52,)),
    "sto": Point("stomion: between the lips, mid of their inner borders", (13, 14), (62, 66)),
    "li": Point("labiale inferius: lower lip's lower border", (17,), (57,)),
    "ch_r": Point("cheilion: right mouth corner", (61,), (48,)),
    "ch_l": Point("the left one", (291,), (54,)),
    "gn": Point("gnathion: chin", (152,), (8,)),
    "go_r": Point("gonion: right jaw angle", (172,), (4,)),  # of the 68, 5 and 11 could be defended as well
    "go_l": Point("the left one", (397,), (12,)),
    "zy_r": Point("zygion: right cheekbone at its widest", (234,), (2,)),
    "zy_l": Point("the left one", (454,), (14,)),
    "en_r": Point("endocanthion: right inner eye corner", (133,), (39,)),
    "en_l": Point("the left one", (362,), (42,)),
    "ex_r": Point("exocanthion: right outer eye corner", (33,), (36,)),
    "ex_l": Point("the left one", (263,), (45,)),
}

Distance = Callable[[str, str], float]
Certainty = Literal["high", "medium", "low"]


@dataclass(frozen=True)
class Measure:
    """One measure: how it is taken, whose it is, and how surely a landmarker's points are the anthropometric ones."""

    title: str
    definition: str  # in Farkas's abbreviations; a distance is divided by ex–ex, so that no picture's scale matters
    take: Callable[[Distance], float]
    certainty: dict[Landmarker, Certainty]
    source: str


def _paired(point: str) -> Callable[[Distance], float]:
    return lambda between: between(f"{point}_r", f"{point}_l")


_jaw, _nose, _mouth, _cheeks = _paired("go"), _paired("al"), _paired("ch"), _paired("zy")
_inner_eyes, _outer_eyes = _paired("en"), _paired("ex")


def _over(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0 else float("nan")


def _both(certainty: Certainty) -> dict[Landmarker, Certainty]:
    return {"dlib": certainty, "mesh": certainty}


FARKAS = "Farkas 1994"
TABLE: dict[str, Measure] = {
    "upper_lip_height": Measure(
        "upper lip height", "sn–sto", lambda d: _over(d("sn", "sto"), _outer_eyes(d)), _both("high"), FARKAS
    ),
    "lateral_upper_lip_height": Measure(
        "lateral upper lip height",
        "mean of sbal–cph, right and left",
        lambda d: _over((d("sbal_r", "cph_r") + d("sbal_l", "cph_l")) / 2, _outer_eyes(d)),
        {"dlib": "low", "mesh": "medium"},
        f"{FARKAS}, who goes from sbal straight down to the lip's border, not to its peak",
    ),
    "jaw_width": Measure("jaw width", "go–go", lambda d: _over(_jaw(d), _outer_eyes(d)), _both("medium"), FARKAS),
    "nose_height": Measure("nose height", "n–sn", lambda d: _over(d("n", "sn"), _outer_eyes(d)), _both("high"), FARKAS),
    "nose_width": Measure("nose width", "al–al", lambda d: _over(_nose(d), _outer_eyes(d)), _both("high"), FARKAS),
    "labio_oral_region": Measure(
        "labio-oral region",
        "ch–ch",
        lambda d: _over(_mouth(d), _outer_eyes(d)),
        _both("high"),
        f"{FARKAS}, as the mouth's width",
    ),
    "mandibular_index": Measure(
        "mandibular index", "(sto–gn)/(go–go)", lambda d: _over(d("sto", "gn"), _jaw(d)), _both("medium"), FARKAS
    ),
    "intercanthal_index": Measure(
        "intercanthal index", "(en–en)/(ex–ex)", lambda d: _over(_inner_eyes(d), _outer_eyes(d)), _both("high"), FARKAS
    ),
    "nasal_index": Measure(
        "nasal index", "(al–al)/(n–sn)", lambda d: _over(_nose(d), d("n", "sn")), _both("high"), FARKAS
    ),
    "vermilion_height_index": Measure(
        "vermilion height index",
        "(ls–sto)/(sto–li)",
        lambda d: _over(d("ls", "sto"), d("sto", "li")),
        _both("high"),
        FARKAS,
    ),
    "mouth_face_width_index": Measure(
        "mouth-face width index", "(ch–ch)/(zy–zy)", lambda d: _over(_mouth(d), _cheeks(d)), _both("low"), FARKAS
    ),
}

MEASURES: tuple[str, ...] = tuple(TABLE)


def spelled(name: str, landmarker: Landmarker) -> str:
    """A measure's definition with a landmarker's indices for the points: '(62+66–8)/(4–12)'; + is halfway between."""

    def index(point: str) -> str:
        return "+".join(map(str, getattr(POINTS[point], landmarker)))

    def pair(match: re.Match[str]) -> str:
        one, other = match.groups()
        if one in POINTS:
            return f"{index(one)}–{index(other)}"
        if one == other:
            return f"{index(one + '_r')}–{index(one + '_l')}"
        return f"{index(one + '_r')}–{index(other + '_r')} and {index(one + '_l')}–{index(other + '_l')}"

    return re.sub(r"([a-z]+)–([a-z]+)", pair, TABLE[name].definition).removesuffix(", right and left")
