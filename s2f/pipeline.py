"""Speech to faces: the three trained models joined, from a waveform or a spectrogram to a face.

Everything it needs stands in the weights (their config, the spectrogram and the noise they were trained with), nothing
in params.yaml. All arithmetic is float32: a picture is then the same for any batch size up to rounding, and bfloat16
is several times slower on CPUs without instructions for it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from diffusers.utils.torch_utils import randn_tensor
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from s2f.audio.spectrogram import CompressedSpectrogram
from s2f.diffusion.guidance import guide
from s2f.diffusion.sampling import sample, seeded
from s2f.diffusion.schedule import Schedule, add_noise
from s2f.models.face_decoder import FaceDecoder
from s2f.models.super_resolution import SuperResolution
from s2f.models.weights import load_weights
from s2f.params.base import parse
from s2f.params.diffusion import DiffusionParams
from s2f.params.generation import Sampler
from s2f.params.labels import GENDERS, OLDEST
from s2f.params.spectrogram import SpectrogramParams
from s2f.runtime import InputError, derive_seed, file_sha256

MODELS = ("speech_encoder", "face_decoder", "super_resolution")
STATEMENT = "A face from a voice is a statistical guess, never an identification."

# What is done unless a caller says otherwise: what params.yaml has, and its report judges (a test holds them together).
SAMPLER: Sampler = "dpmsolver++"
STEPS = 8
SUPER_RESOLUTION_SAMPLER: Sampler = "ddim"
SUPER_RESOLUTION_STEPS = 4
SUPER_RESOLUTION_NOISE = 0.0

MIN_SECONDS = 1.0  # as in the corpus: less voice says too little
SILENCE_DB = -50.0  # of full scale; quiet speech peaks near −35, a recorder's hiss stays below −55
LOUDNESS_SECONDS = 0.1  # a syllable


class Faces(NamedTuple):
    """What a batch of voices became."""

    embedding: Tensor  # (b, 512), unit length
    small: Tensor  # (b, 3, s, s) in [−1, 1], as the face decoder drew it
    face: Tensor  # (b, 3, S, S) in [−1, 1], enlarged


class SpeechToFacePipeline:
    """The chain of Kato & Hashimoto (2023). `weights` holds the sha256 of each model's file, if it came from one."""

    def __init__(
        self,
        encoder: nn.Module,
        decoder: FaceDecoder,
        super_resolution: SuperResolution,
        spectrogram: SpectrogramParams,
        schedule: Schedule,
        device: torch.device | str | None = None,
        weights: dict[str, str] | None = None,
    ) -> None:
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.encoder = encoder.to(self.device).eval()
        self.decoder = decoder.to(self.device).eval()
        self.super_resolution = super_resolution.to(self.device).eval()
        self.spectrogram = spectrogram
        self.schedule = schedule
        self.weights = weights or {}

    @classmethod
    def from_models(cls, folder: Path | str, device: torch.device | str | None = None) -> Self:
        """The pipeline of a folder as the training stages leave it: <model>/weights.safetensors.

        Raises:
            InputError: a file is missing, is no model of ours or the wrong one, or the models do not fit each other.
        """
        paths = {name: Path(folder, name, "weights.safetensors") for name in MODELS}
        models: dict[str, Any] = {name: load_weights(path) for name, path in paths.items()}
        for name, model in models.items():
            if model.kind != name:
                raise InputError(f"{paths[name]}: holds a {model.kind}; a {name} is needed.")
        _check_fit(models, Path(folder))
        about = models["speech_encoder"].about.get("spectrogram")
        spectrogram = parse(SpectrogramParams, about, f"{paths['speech_encoder']}: spectrogram")
        about = models["face_decoder"].about.get("diffusion")
        schedule = Schedule(parse(DiffusionParams, about, f"{paths['face_decoder']}: diffusion"))
        weights = {name: file_sha256(path) for name, path in paths.items()}
        encoder, decoder, super_resolution = models.values()
        return cls(encoder, decoder, super_resolution, spectrogram, schedule, device, weights)

    @property
    def small_shape(self) -> tuple[int, int, int]:
        """Of a face as the decoder draws it."""
        return 3, self.decoder.config.image_px, self.decoder.config.image_px

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of an enlarged face."""
        return 3, self.super_resolution.config.image_px, self.super_resolution.config.image_px

    @torch.inference_mode()
    def encode(self, speech: Tensor) -> Tensor:
        """Embeddings (b, 512) of unit length, of speech (b, samples) in [−1, 1] at the spectrogram's sample rate."""
        return self.encode_spectrogram(CompressedSpectrogram(self.spectrogram)(speech))

    @torch.inference_mode()
    def encode_spectrogram(self, spectrogram: Tensor) -> Tensor:
        """Embeddings (b, 512) of unit length, of compressed spectrograms (b, frames, bins, 2)."""
        return functional.normalize(self.encoder(spectrogram.to(self.device).float()), dim=1)

    @torch.inference_mode()
    def decode(
        self,
        embeddings: Tensor,
        seeds: Sequence[int],
        guidance: float | Tensor = 1.0,
        sampler: Sampler = SAMPLER,
        steps: int = STEPS,
        on_step: Callable[[], None] | None = None,
        age: float | None = None,
        gender: str | None = None,
    ) -> Tensor:
        """Small faces (b, 3, s, s) in [−1, 1] for embeddings (b, 512); `guidance` is the paper's w, one or (b,).

        `age` in years and `gender`, "f" or "m", are asked of all, beside what the voice says.
        """
        known = self.known(age, gender)
        condition = torch.cat([embeddings.to(self.device), known.expand(len(embeddings), -1)], dim=1)
        null = torch.cat([torch.zeros_like(condition[0, : embeddings.shape[1]]), torch.full_like(known, torch.nan)])
        return sample(
            guide(self.decoder, guidance, null),
            condition,
            seeded([derive_seed(seed, "decode") for seed in seeds]),
            self.small_shape,
            self.schedule,
            sampler,
            steps,
            self.decoder.config.prediction,
            on_step,
        )

    def known(self, age: float | None, gender: str | None) -> Tensor:
        """(attributes,): the decoder's, as numbers; not known is not a number.

        Raises:
            InputError: the decoder was trained without what is asked for, or nobody has such an age or gender.
        """
        if age is not None and not 0 <= age <= OLDEST:
            raise InputError(f"age {age} is no person's; allowed: 0 to {OLDEST} years, or none.")
        if gender is not None and gender not in GENDERS:
            raise InputError(f"gender {gender!r} is not known; allowed: {', '.join(GENDERS)}, or none.")
        asked = {"age": age, "gender": None if gender is None else GENDERS[gender]}
        names = self.decoder.config.attributes
        for name, value in asked.items():
            if value is not None and name not in names:
                raise InputError(
                    f"the face decoder knows no {name}; allowed: one trained with face_decoder.attributes [{name}], "
                    "or asking for none."
                )
        return torch.tensor([torch.nan if asked[name] is None else asked[name] for name in names], device=self.device)

    @torch.inference_mode()
    def enlarge(
        self,
        small: Tensor,
        embeddings: Tensor,
        seeds: Sequence[int],
        sampler: Sampler = SUPER_RESOLUTION_SAMPLER,
        steps: int = SUPER_RESOLUTION_STEPS,
        noise_level: float = SUPER_RESOLUTION_NOISE,
        on_step: Callable[[], None] | None = None,
    ) -> Tensor:
        """Faces (b, 3, S, S) in [−1, 1] of small ones (b, 3, s, s).

        `noise_level` in [0, 1) is laid over the small face to hide the decoder's faults; more than the model has seen
        in training counts as that.
        """
        generators = seeded([derive_seed(seed, "enlarge") for seed in seeds])
        small = small.to(self.device)
        level = torch.full((len(small),), min(noise_level, self.super_resolution.config.max_noise_level)).to(small)
        low = add_noise(small, level, randn_tensor(small.shape, generator=generators, device=self.device))

        def denoiser(x_t: Tensor, t: Tensor, condition: Tensor) -> Tensor:
            return self.super_resolution(x_t, t, low, level, condition)

        return sample(
            denoiser,
            embeddings.to(self.device),
            generators,
            self.shape,
            self.schedule,
            sampler,
            steps,
            self.super_resolution.config.prediction,
            on_step,
        )

    def __call__(
        self,
        speech: Tensor,
        seeds: Sequence[int],
        guidance: float | Tensor = 1.0,
        steps: int = STEPS,
        age: float | None = None,
        gender: str | None = None,
    ) -> Faces:
        """One face for every row of speech (b, samples), by the seed of that row."""
        embedding = self.encode(speech)
        small = self.decode(embedding, seeds, guidance, steps=steps, age=age, gender=gender)
        return Faces(embedding, small, self.enlarge(small, embedding, seeds))


def _check_fit(models: dict[str, Any], folder: Path) -> None:
    encoder, decoder, super_resolution = (models[name] for name in MODELS)
    if decoder.config.embedding != encoder.config.embedding:
        raise InputError(
            f"{folder}: face_decoder takes embeddings of {decoder.config.embedding}, speech_encoder makes "
            f"{encoder.config.embedding}; train one of them again."
        )
    if super_resolution.config.low_px != decoder.config.image_px:
        raise InputError(
            f"{folder}: super_resolution enlarges {super_resolution.config.low_px} px, face_decoder draws "
            f"{decoder.config.image_px}; train one of them again."
        )
    if super_resolution.about.get("diffusion") != decoder.about.get("diffusion"):
        raise InputError(f"{folder}: super_resolution and face_decoder know different noise; train one of them again.")


def check_voice(speech: NDArray[np.float32], sample_rate: int, name: str) -> None:
    """Refuse what cannot be a voice.

    Raises:
        InputError: shorter than a second, or silent.
    """
    seconds = len(speech) / sample_rate
    if seconds < MIN_SECONDS:
        raise InputError(f"{name}: {seconds:.2f} s of sound; at least {MIN_SECONDS:g} s are needed.")
    window = round(LOUDNESS_SECONDS * sample_rate)
    frames = speech[: len(speech) // window * window].reshape(-1, window)
    loudest = 10 * np.log10(max(np.square(frames, dtype=np.float64).mean(axis=1).max(), 1e-12))
    if loudest < SILENCE_DB:
        raise InputError(f"{name}: silent; its loudest syllable is at {loudest:.0f} dB, {SILENCE_DB:.0f} are needed.")


def to_pixels(images: Tensor) -> NDArray[np.uint8]:
    """uint8 (b, h, w, 3) of images (b, 3, h, w) in [−1, 1]."""
    return ((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()


def from_pixels(pictures: NDArray[np.uint8]) -> Tensor:
    """Images (b, 3, h, w) float32 in [−1, 1] of uint8 (b, h, w, 3)."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1
