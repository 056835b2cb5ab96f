"""What pictures were made with, as the JSON beside them says it: enough to draw them again."""

from importlib.metadata import version
from typing import Any

from s2f.diffusion.solvers import Walk
from s2f.pipeline.speech_to_face import STATEMENT, SpeechToFacePipeline


def made_with(
    pipeline: SpeechToFacePipeline,
    decode: Walk | None = None,
    enlarge: Walk | None = None,
    output_size: int | None = None,
    age: float | None = None,
    gender: str | None = None,
) -> dict[str, Any]:
    """Of pictures drawn as the pipeline draws, or with other walks; seeds and guidance stand with each picture."""
    drawing, size = pipeline.drawing, output_size or pipeline.image_px
    enlarged = size == pipeline.image_px
    return {
        "statement": STATEMENT,
        "age": age,
        "gender": gender,
        "face_decoder": (decode or drawing.decode)._asdict(),
        "super_resolution": (enlarge or drawing.enlarge)._asdict() | {"noise_level": drawing.noise_level}
        if enlarged
        else None,
        "output_size": size,
        "device": str(pipeline.device),
        "torch_dtype": str(pipeline.dtype).removeprefix("torch."),
        "models": pipeline.models.sha256,
        "s2f": version("s2f"),
    }
