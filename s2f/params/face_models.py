"""Section `face_models`: which detector, embedding and age/gender weights look at faces."""

from pydantic import Field

from s2f.params.base import Section


class FaceModelsParams(Section):
    """Paths are relative to the project folder. A sha256, where given, must match the file."""

    detector_score: float = Field(gt=0, lt=1)
    arcface: str  # ONNX file, 512-d, input 112×112; or an insightface pack's name, such as buffalo_l
    arcface_sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    age_gender: str  # ONNX file (insightface's 96×96 layout, or the 2018 one of 112×112); or a pack's name
    age_gender_sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
