"""The whole of a params file, so that every section is checked before any work, and each against the others."""

import math
import re
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from s2f.params.base import Section, parse, read_yaml
from s2f.params.building import BuildingParams
from s2f.params.denoising import DenoisingParams
from s2f.params.diffusion import DiffusionParams
from s2f.params.enlarging import EnlargingParams
from s2f.params.evaluation import EvaluationParams
from s2f.params.face_decoder import FaceDecoderConfig
from s2f.params.face_models import EMBEDDING, FaceModelsParams
from s2f.params.fetching import FetchingParams
from s2f.params.generation import GenerationParams
from s2f.params.matching import MatchingParams
from s2f.params.portraits import PortraitsParams
from s2f.params.spectrogram import PAPER, TABLE_SHAPE, SpectrogramParams
from s2f.params.speech_encoder import SpeechEncoderConfig
from s2f.params.speech_faces import SpeechFacesParams
from s2f.params.super_resolution import SuperResolutionConfig

# A shell gets it, from a file that one may have from others: options and their values, and nothing that a shell acts on
# or that would be run instead of the training; nor what would share out or compile models in another way than the
# trainings' own parameters say.
OPTION = r"--(?!module\b|no[_-]python\b|use[_-]|dynamo)[\w-]+([ =][\w.,:@/][\w.,:@/-]*)?"
LAUNCH = re.compile(rf"python|(torchrun|accelerate launch)( {OPTION})*", re.ASCII)
RUNS_ANOTHER = re.compile(r"\.py\b")
# By launcher: the options whose product is the number of processes, and what they are where they are not given.
COUNTING = {"accelerate": {"num[_-]processes": "?"}, "torchrun": {"nproc[_-]per[_-]node": "1", "nnodes": "1"}}


class Experiment(Section):
    """Everything that decides a result, but for the code; and how training is started, which decides none."""

    seed: int = Field(ge=0, lt=2**32)
    launch: str  # how a training stage is started; `-m` and its name follow
    speech_faces: SpeechFacesParams
    fetching: FetchingParams
    portraits: PortraitsParams
    building: BuildingParams
    spectrogram: SpectrogramParams
    face_models: FaceModelsParams
    diffusion: DiffusionParams
    speech_encoder: SpeechEncoderConfig
    speech_encoder_training: MatchingParams
    face_decoder: FaceDecoderConfig
    face_decoder_training: DenoisingParams
    super_resolution: SuperResolutionConfig
    super_resolution_training: EnlargingParams
    generation: GenerationParams
    evaluation: EvaluationParams

    @property
    def processes(self) -> int | None:
        """That `launch` starts on all machines; None where a machine or accelerate's own settings say so."""
        options = COUNTING.get(self.launch.split()[0], {})
        named = {option: re.search(rf"--{option}[ =](\S+)", self.launch) for option in options}
        counts = [found[1] if (found := named[option]) else default for option, default in options.items()]
        return math.prod(map(int, counts)) if all(count.isdecimal() for count in counts) else None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not LAUNCH.fullmatch(self.launch) or RUNS_ANOTHER.search(self.launch) or self.processes == 0:
            raise ValueError(
                f"launch {self.launch!r} starts no training; "
                "allowed: python, or torchrun or accelerate launch with options such as --nproc-per-node 2"
            )
        for check in (_check_sizes, _check_shapes, _check_starts, _check_sampling, _check_weights):
            check(self)
        return self


def _check_sizes(whole: Experiment) -> None:
    """Pictures fit from one model to the next."""
    low, high = whole.super_resolution.low_px, whole.super_resolution.image_px
    if low != whole.face_decoder.image_px:
        raise ValueError(
            f"super_resolution.low_px {low} is not what face_decoder draws; "
            f"allowed: face_decoder.image_px, {whole.face_decoder.image_px}"
        )
    if high != whole.portraits.face_px:
        raise ValueError(
            f"super_resolution.image_px {high} is not the size of the portraits; "
            f"allowed: portraits.face_px, {whole.portraits.face_px}"
        )
    crop, scale = whole.super_resolution_training.crop_px, high // low
    unit = math.lcm(scale, 2 ** (len(whole.super_resolution.blocks) - 1))
    if crop % unit or crop > high:
        raise ValueError(
            f"super_resolution_training.crop_px {crop} does not fit; "
            f"allowed: 0, or a multiple of {unit} up to super_resolution.image_px, {high}"
        )


def _check_shapes(whole: Experiment) -> None:
    """Embeddings and spectrograms are those that the corpus's tables hold."""
    sizes = {name: getattr(whole, name).embedding for name in ("speech_encoder", "face_decoder", "super_resolution")}
    for name, size in sizes.items():
        if size != EMBEDDING and not (name == "super_resolution" and size == 0):
            raise ValueError(f"{name}.embedding {size} is not ArcFace's; allowed: {EMBEDDING}")
    if whole.spectrogram.shape != TABLE_SHAPE:
        raise ValueError(
            f"spectrogram makes {whole.spectrogram.shape} of a clip; allowed: sample_rate, clip_seconds, window, hop "
            f"and fft that make {TABLE_SHAPE}, as the corpus's table stores it"
        )
    if whole.speech_encoder.architecture != "speech2face" and whole.spectrogram != PAPER:
        raise ValueError(
            f"speech_encoder.architecture {whole.speech_encoder.architecture} makes sound of the paper's spectrogram; "
            f"allowed: speech2face, or spectrogram {PAPER.model_dump()}"
        )
    frames = whole.speech_encoder_training.crop_frames
    if frames > TABLE_SHAPE[0]:
        raise ValueError(
            f"speech_encoder_training.crop_frames {frames} is more than a clip has; allowed: 0 to {TABLE_SHAPE[0]}"
        )


def _check_starts(whole: Experiment) -> None:
    """Trainings can start as they are asked to."""
    for name in ("speech_encoder_training", "face_decoder_training", "super_resolution_training"):
        batch = getattr(whole, name).batch
        if batch % (whole.processes or 1):
            raise ValueError(
                f"{name}.batch {batch} cannot be shared by {whole.processes} processes, which launch starts; "
                f"allowed: a multiple of {whole.processes}, or another number of processes"
            )
    start = whole.speech_encoder_training.start_from
    if start is not None and whole.speech_encoder.architecture == "speech2face":
        raise ValueError(
            f"speech_encoder_training.start_from {start}: speech2face starts from nothing; "
            "allowed: null, or speech_encoder.architecture hubert or wavlm"
        )


def _check_sampling(whole: Experiment) -> None:
    """Models are asked for nothing that they were not trained for."""
    for key in ("steps", "super_resolution_steps"):
        steps = getattr(whole.generation, key)
        if steps > whole.diffusion.steps:
            raise ValueError(
                f"generation.{key} {steps} is more than was trained; "
                f"allowed: 1 to diffusion.steps, {whole.diffusion.steps}"
            )
    samplers = whole.generation.sampler, whole.generation.super_resolution_sampler
    if "analytic" in samplers and not whole.generation.variance_pictures:
        raise ValueError(
            "generation.variance_pictures 0 measures no variances, which sampler analytic draws with; "
            "allowed: above 0, or another sampler"
        )
    noise, most = whole.generation.super_resolution_noise, whole.super_resolution.max_noise_level
    if noise > most:
        raise ValueError(
            f"generation.super_resolution_noise {noise} is more than was trained; "
            f"allowed: 0 to super_resolution.max_noise_level, {most}"
        )


def _check_weights(whole: Experiment) -> None:
    """Every w has a name of its own, and the one that is measured is drawn."""
    guidance = whole.generation.guidance
    if len({f"{w + 0.0:.3f}" for w in guidance}) < len(guidance):  # −0 is 0
        raise ValueError(f"generation.guidance {list(guidance)} holds a w twice; allowed: each once, to three decimals")
    default = whole.generation.default_guidance
    if (default or any(guidance)) and not whole.face_decoder.condition_dropout:
        raise ValueError(
            "face_decoder.condition_dropout 0.0 teaches no null condition, which generation.guidance "
            f"{list(guidance)} or default_guidance {default} needs; allowed: above 0, or guidance: [0] and "
            "default_guidance: 0"
        )
    if whole.evaluation.guidance not in guidance:
        raise ValueError(
            f"evaluation.guidance {whole.evaluation.guidance} is not generated; "
            f"allowed: one of generation.guidance, {list(guidance)}"
        )


def read_experiment(path: Path | str) -> Experiment:
    """A params file, checked whole.

    Raises:
        ParamsError: one sentence naming the key, the value and what is allowed.
    """
    return parse(Experiment, read_yaml(path), str(path))
