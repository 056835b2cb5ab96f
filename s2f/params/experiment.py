"""The whole of a params file, so that every section is checked before any work, and each against the others."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from s2f.params.base import Section, parse, read_yaml
from s2f.params.diffusion import DiffusionParams
from s2f.params.evaluation import EvaluationParams
from s2f.params.face_decoder import FaceDecoderConfig
from s2f.params.face_models import FaceModelsParams
from s2f.params.generation import GenerationParams
from s2f.params.portraits import PortraitsParams
from s2f.params.spectrogram import SpectrogramParams
from s2f.params.speech_encoder import SpeechEncoderConfig
from s2f.params.speech_faces import SpeechFacesParams
from s2f.params.super_resolution import SuperResolutionConfig
from s2f.params.training import TrainingParams


class Experiment(Section):
    """Everything that decides a result, but for the code."""

    seed: int = Field(ge=0, lt=2**32)
    speech_faces: SpeechFacesParams
    portraits: PortraitsParams
    spectrogram: SpectrogramParams
    face_models: FaceModelsParams
    diffusion: DiffusionParams
    speech_encoder: SpeechEncoderConfig
    speech_encoder_training: TrainingParams
    face_decoder: FaceDecoderConfig
    face_decoder_training: TrainingParams
    super_resolution: SuperResolutionConfig
    super_resolution_training: TrainingParams
    generation: GenerationParams
    evaluation: EvaluationParams

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.super_resolution.low_px != self.face_decoder.image_px:
            raise ValueError(
                f"super_resolution.low_px {self.super_resolution.low_px} is not what face_decoder draws; "
                f"allowed: face_decoder.image_px, {self.face_decoder.image_px}"
            )
        if self.super_resolution.image_px != self.portraits.face_px:
            raise ValueError(
                f"super_resolution.image_px {self.super_resolution.image_px} is not the size of the portraits; "
                f"allowed: portraits.face_px, {self.portraits.face_px}"
            )
        for name in ("face_decoder", "super_resolution"):
            embedding = getattr(self, name).embedding
            if embedding not in (0, self.speech_encoder.embedding):
                raise ValueError(
                    f"{name}.embedding {embedding} is not the speech encoder's; "
                    f"allowed: {self.speech_encoder.embedding}"
                )
        for key, steps in (
            ("steps", self.generation.steps),
            ("super_resolution_steps", self.generation.super_resolution_steps),
        ):
            if steps > self.diffusion.steps:
                raise ValueError(
                    f"generation.{key} {steps} is more than was trained; "
                    f"allowed: 1 to diffusion.steps, {self.diffusion.steps}"
                )
        if self.evaluation.craniofacial_guidance not in self.generation.guidance:
            raise ValueError(
                f"evaluation.craniofacial_guidance {self.evaluation.craniofacial_guidance} is not generated; "
                f"allowed: one of generation.guidance, {list(self.generation.guidance)}"
            )
        return self


def read_experiment(path: Path | str) -> Experiment:
    """A params file, checked whole.

    Raises:
        ParamsError: one sentence naming the key, the value and what is allowed.
    """
    return parse(Experiment, read_yaml(path), str(path))
