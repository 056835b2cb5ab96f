"""Section `evaluation`: how generated faces are judged."""

from pydantic import Field

from s2f.params.base import Section


class EvaluationParams(Section):
    """Every number in the report comes with N and an interval of this confidence."""

    confidence: float = Field(gt=0, lt=1)
    resamples: int = Field(ge=100)  # bootstrap draws where there is no closed form
    craniofacial_guidance: float  # the w whose faces are measured, as in the paper's table 3
    max_yaw_degrees: float = Field(gt=0, le=90)  # true faces turned further are left out of the craniofacial table
    recall_at: tuple[int, ...] = Field(min_length=1)
    example_voices: int = Field(gt=0)  # shown in the report
    tied_measures: tuple[str, ...]  # known only where the corpus's law is: measures its voices do carry
