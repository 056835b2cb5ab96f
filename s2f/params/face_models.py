"""Section `face_models`: which detector, embedding, age/gender weights and landmarks look at faces."""

import re
from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator

from s2f.params.base import Section

EMBEDDING = 512  # numbers of an ArcFace embedding: what the corpus holds and the three models speak
SAMPLE_PACK = Path("s2f/sample/pack")  # this project's own weights, which know drawn faces only
PUBLISHED = re.compile(r"buffalo_(l|m|s|sc)|antelopev2", re.ASCII)  # insightface's packs
IN_PACKS = ("w600k_r50.onnx", "w600k_mbf.onnx", "glintr100.onnx", "genderage.onnx")  # what is used of them here
LICENCE = "insightface's published weights (buffalo_l and others) are for non-commercial research only"
OTHERS = "the licence is the file's owner's"  # of weights that may be anybody's
INA = "inaFaceAnalyzer"  # the paper's judge of age and gender, in an environment of its own: `make judge`
INA_LICENCE = "inaFaceAnalyzer is MIT-licensed and names no other terms for its weights, which were trained on FairFace"
DLIB_LICENCE = "dlib's usual 68-point predictor was trained on iBUG 300-W and is for non-commercial research only"
PACK = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


class FaceModelsParams(Section):
    """Paths are relative to the project folder. A sha256, where given, must match the file."""

    detector_score: float = Field(gt=0, lt=1)
    arcface: str  # ONNX file, 512-d, input 112×112; or an insightface pack's name, such as buffalo_l
    arcface_sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    age_gender: str  # ONNX file (insightface's 96×96 layout, or the 2018 one of 112×112); a pack's name; or INA
    age_gender_sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")  # of INA: its classifier's
    dlib_predictor: str | None = None  # a shape predictor of 68 points (….dat), to measure faces by, too; null: none
    dlib_predictor_sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")

    @field_validator("arcface")
    @classmethod
    def _file_or_pack(cls, value: str) -> str:
        if not _is_file_or_pack(value):
            raise ValueError("allowed: an ONNX file (….onnx), or an insightface pack's name, such as buffalo_l")
        return value

    @field_validator("age_gender")
    @classmethod
    def _judge(cls, value: str) -> str:
        if value != INA and not _is_file_or_pack(value):
            raise ValueError(f"allowed: an ONNX file (….onnx), an insightface pack's name, such as buffalo_l, or {INA}")
        return value

    @model_validator(mode="after")
    def _sha256_of_a_file(self) -> Self:
        if self.dlib_predictor is None and self.dlib_predictor_sha256 is not None:
            raise ValueError(
                "dlib_predictor_sha256 without a dlib_predictor; allowed: both, the file alone, or neither"
            )
        return self

    def licences(self) -> list[str]:
        """Under what terms the weights are that are not this project's own, a sentence each."""
        terms = {name: terms_of(name) for name in (self.arcface, self.age_gender)}
        found = [f"{LICENCE}."] if LICENCE in terms.values() else []
        found += [f"{Path(name).name}: {said}." for name, said in terms.items() if said == OTHERS]
        paper = self.age_gender == INA  # its faces are aligned by dlib's points
        found += [f"{INA_LICENCE}."] if paper else []
        return found + ([f"{DLIB_LICENCE}."] if paper or self.dlib_predictor is not None else [])


def _is_file_or_pack(value: str) -> bool:
    # inaFaceAnalyzer, however it is spelt, is no pack: insightface would ask the internet for one
    return is_file(value) or (bool(PACK.fullmatch(value)) and value.lower() != INA.lower())


def is_file(path_or_pack: str) -> bool:
    """Whether weights are named by their file; otherwise by the pack that insightface fetches."""
    return path_or_pack.endswith(".onnx")


def terms_of(path_or_pack: str) -> str | None:
    """Under what terms weights are, in words; None for this project's own and for INA, whose terms are told apart."""
    if path_or_pack == INA or is_own(path_or_pack):
        return None
    path = Path(path_or_pack)
    if not is_file(path_or_pack) or path.name in IN_PACKS or any(map(PUBLISHED.fullmatch, path.parts)):
        return LICENCE
    return OTHERS


def is_own(path_or_pack: str) -> bool:
    """Whether weights are this project's, and not somebody's who may have licensed them narrowly."""
    return is_file(path_or_pack) and SAMPLE_PACK.resolve() in Path(path_or_pack).resolve().parents
