"""Section `face_models`: which detector, embedding and age/gender weights look at faces."""

import re
from pathlib import Path

from pydantic import Field, field_validator

from s2f.params.base import Section

EMBEDDING = 512  # numbers of an ArcFace embedding: what the corpus holds and the three models speak
SAMPLE_PACK = Path("s2f/sample/pack")  # this project's own weights, which know drawn faces only
LICENCE = "insightface's published weights (buffalo_l and others) are for non-commercial research only"
PACK = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


class FaceModelsParams(Section):
    """Paths are relative to the project folder. A sha256, where given, must match the file."""

    detector_score: float = Field(gt=0, lt=1)
    arcface: str  # ONNX file, 512-d, input 112×112; or an insightface pack's name, such as buffalo_l
    arcface_sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    age_gender: str  # ONNX file (insightface's 96×96 layout, or the 2018 one of 112×112); or a pack's name
    age_gender_sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")

    @field_validator("arcface", "age_gender")
    @classmethod
    def _file_or_pack(cls, value: str) -> str:
        if not is_file(value) and not PACK.fullmatch(value):
            raise ValueError("allowed: an ONNX file (….onnx), or an insightface pack's name, such as buffalo_l")
        return value


def is_file(path_or_pack: str) -> bool:
    """Whether weights are named by their file; otherwise by the pack that insightface fetches."""
    return path_or_pack.endswith(".onnx")


def is_own(path_or_pack: str) -> bool:
    """Whether weights are this project's, and not somebody's who may have licensed them narrowly."""
    return is_file(path_or_pack) and SAMPLE_PACK.resolve() in Path(path_or_pack).resolve().parents
