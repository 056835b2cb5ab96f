"""Section `evaluation`: how generated faces are judged."""

from itertools import pairwise
from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from s2f.params.base import Section

# The eleven of the paper's table 3; s2f/faces/measures.py says how each is taken.
Measure = Literal[
    "upper_lip_height",
    "lateral_upper_lip_height",
    "jaw_width",
    "nose_height",
    "nose_width",
    "labio_oral_region",
    "mandibular_index",
    "intercanthal_index",
    "nasal_index",
    "vermilion_height_index",
    "mouth_face_width_index",
]
MEASURES: tuple[str, ...] = get_args(Measure)


class EvaluationParams(Section):
    """Every number in the report comes with N and an interval of this confidence."""

    confidence: float = Field(gt=0, lt=1)
    resamples: int = Field(ge=100)  # bootstrap draws where there is no closed form
    guidance: float  # the w of the headlines, and whose faces are measured, as in the paper's table 3
    max_yaw_degrees: float = Field(gt=0, le=90)  # true faces turned further are left out of the craniofacial table
    tiny_face_px: int = Field(ge=0)  # faces whose box is smaller are judged like all others, and counted
    recall_at: tuple[int, ...] = Field(min_length=1)
    example_voices: int = Field(gt=0)  # shown in the report
    tied_measures: tuple[Measure, ...]  # known only where the corpus's law is: measures its voices do carry …
    free_measures: tuple[Measure, ...]  # … and those that have nothing to do with them; the rest is claimed neither way

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.recall_at[0] < 1 or any(low >= high for low, high in pairwise(self.recall_at)):
            raise ValueError(
                f"recall_at {list(self.recall_at)} does not rise from 1 or more; allowed: such as [1, 5, 10]"
            )
        for name in self.tied_measures:
            if name in self.free_measures:
                raise ValueError(f"free_measures names {name}, which tied_measures claims; allowed: in one of them")
        return self

    @property
    def headline_recall(self) -> int:
        """The k of the headline "own face among the first k": 10 where it is asked for, else the largest."""
        return 10 if 10 in self.recall_at else self.recall_at[-1]
