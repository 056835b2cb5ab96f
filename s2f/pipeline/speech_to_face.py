"""The chain of Kato & Hashimoto (2023): a voice is heard as an embedding, a small face drawn from it, and enlarged.

Everything it needs stands in its folder (s2f/pipeline/folder.py), nothing in params.yaml. In float32 a picture is the
same for any batch size up to rounding.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import torch
from PIL.Image import Image
from torch import Tensor
from torch.nn import functional

from s2f.audio.spectrogram import CompressedSpectrogram
from s2f.diffusion.guidance import guide
from s2f.diffusion.sampling import sample, seeded
from s2f.diffusion.solvers import Walk
from s2f.params.spectrogram import SpectrogramParams
from s2f.pipeline.asking import Step, changed, checked_guidance, choose_seeds, known_attributes, side_of, told
from s2f.pipeline.denoisers import Denoisers
from s2f.pipeline.drawing import Drawing
from s2f.pipeline.folder import read_folder, write_folder
from s2f.pipeline.parts import Parts
from s2f.pipeline.pixels import parts, to_images
from s2f.pipeline.placing import floating, place
from s2f.pipeline.voices import Voice, waveforms
from s2f.runtime import derive_seed

VOICES_AT_ONCE = 16  # that the encoder hears in one call
STATEMENT = "A face from a voice is a statistical guess, never an identification."


class Faces(NamedTuple):
    """Pictures of every voice, one voice's after the other's, each with the seed that draws it again."""

    images: list[Image]
    seeds: list[int]
    embeddings: Tensor  # (voices, 512) of unit length: what was heard


class SpeechToFacePipeline:
    """Three models as one. `drawing` is how it draws unless a call says otherwise."""

    def __init__(
        self,
        models: Parts,
        drawing: Drawing,
        device: torch.device | str | None = None,
        torch_dtype: torch.dtype = torch.float32,
    ) -> None:
        self.models, self.drawing = models, drawing
        self.to(device or ("cuda" if torch.cuda.is_available() else "cpu"), torch_dtype)

    @classmethod
    def from_pretrained(
        cls,
        folder: Path | str,
        torch_dtype: torch.dtype = torch.float32,
        device: torch.device | str | None = None,
    ) -> Self:
        """The pipeline that `save_pretrained` or the stage export_pipeline wrote; a GPU is taken if there is one.

        Raises:
            InputError: a file is missing, is a pickle or of another class, or tensors do not fit their config.
        """
        models, drawing = read_folder(Path(folder))
        return cls(models, drawing, device, torch_dtype)

    def save_pretrained(self, folder: Path | str) -> None:
        """Write it in diffusers' convention: model_index.json, and a folder for each part."""
        write_folder(self.models, self.drawing, Path(folder))

    def to(
        self, device: torch.device | str | torch.dtype | None = None, torch_dtype: torch.dtype | str | None = None
    ) -> Self:
        """Move it, and hold the two diffusion models in another type; what is heard, once a voice, stays float32.

        Either may come alone, as the first argument, too.

        Raises:
            InputError: no floating-point type, or a device that this machine has not.
        """
        if isinstance(device, torch.dtype):
            device, torch_dtype = None, device
        if torch_dtype is not None:
            self.dtype = floating(torch_dtype)
        if device is not None:
            self.device = place(device)
        self.models.speech_encoder.to(self.device).eval().requires_grad_(False)
        for model in (self.models.face_decoder, self.models.super_resolution):
            model.to(self.device, self.dtype).eval().requires_grad_(False)
        self.denoisers = Denoisers(self.models, self.device, self.dtype)
        return self

    @property
    def spectrogram(self) -> SpectrogramParams:
        """What the speech encoder hears."""
        return self.models.spectrogram

    @property
    def attributes(self) -> tuple[str, ...]:
        """What the face decoder can be asked for beside a voice: some of 'age' and 'gender', or nothing."""
        return self.models.face_decoder.config.attributes

    @property
    def small_px(self) -> int:
        """Side of a face as the decoder draws it."""
        return self.models.face_decoder.config.image_px

    @property
    def image_px(self) -> int:
        """Side of an enlarged face."""
        return self.models.super_resolution.config.image_px

    @torch.inference_mode()
    def encode(self, speech: Tensor) -> Tensor:
        """Embeddings (b, 512) of unit length, of speech (b, samples) in [−1, 1] at the spectrogram's sample rate."""
        heard = CompressedSpectrogram(self.spectrogram)
        return torch.cat([self.encode_spectrogram(heard(part)) for part in speech.cpu().split(VOICES_AT_ONCE)])

    @torch.inference_mode()
    def encode_spectrogram(self, spectrogram: Tensor) -> Tensor:
        """Embeddings (b, 512) of unit length, of compressed spectrograms (b, frames, bins, 2)."""
        return functional.normalize(self.models.speech_encoder(spectrogram.to(self.device).float()), dim=1)

    @torch.inference_mode()
    def decode(
        self,
        embeddings: Tensor,
        seeds: Sequence[int],
        guidance: float | Tensor | None = None,
        walk: Walk | None = None,
        on_step: Callable[[Tensor], None] | None = None,
        age: float | None = None,
        gender: str | None = None,
    ) -> Tensor:
        """Small faces (b, 3, s, s) in [−1, 1] for embeddings (b, 512); `guidance` is the paper's w, one or (b,).

        `age` in years and `gender`, "f" or "m", are asked of all, beside what the voice says. The whole batch is one
        call of the network for every step.
        """
        known = torch.tensor(known_attributes(self.attributes, age, gender), device=self.device)
        condition = torch.cat([embeddings.to(self.device), known.expand(len(embeddings), -1)], dim=1)
        null = torch.cat([torch.zeros_like(condition[0, : embeddings.shape[1]]), torch.full_like(known, torch.nan)])
        return sample(
            guide(self.denoisers.face(), self.drawing.guidance if guidance is None else guidance, null),
            condition,
            seeded([derive_seed(seed, "decode") for seed in seeds]),
            (3, self.small_px, self.small_px),
            self.models.schedule,
            walk or self.drawing.decode,
            self.models.face_decoder.config.prediction,
            self.models.x_0_error.get("face_decoder"),
            on_step,
        )

    @torch.inference_mode()
    def enlarge(
        self,
        small: Tensor,
        embeddings: Tensor,
        seeds: Sequence[int],
        walk: Walk | None = None,
        noise_level: float | None = None,
        on_step: Callable[[Tensor], None] | None = None,
    ) -> Tensor:
        """Faces (b, 3, S, S) in [−1, 1] of small ones (b, 3, s, s).

        `noise_level` in [0, 1) is laid over the small face to hide the decoder's faults; more than the model has seen
        in training counts as that.
        """
        level = self.drawing.noise_level if noise_level is None else noise_level
        generators = seeded([derive_seed(seed, "enlarge") for seed in seeds])
        return sample(
            self.denoisers.enlarging(small, generators, level),
            embeddings.to(self.device),
            generators,
            (3, self.image_px, self.image_px),
            self.models.schedule,
            walk or self.drawing.enlarge,
            self.models.super_resolution.config.prediction,
            self.models.x_0_error.get("super_resolution"),
            on_step,
        )

    def __call__(
        self,
        speech: Voice | Sequence[Voice],
        sample_rate: int | None = None,
        *,
        guidance: float | None = None,
        steps: int | None = None,
        scheduler: Any = None,
        threshold: float | None = None,
        super_resolution_steps: int | None = None,
        super_resolution_scheduler: Any = None,
        num_images: int = 1,
        seed: int | Sequence[int] | None = None,
        generator: torch.Generator | Sequence[torch.Generator] | None = None,
        output_size: int | str | None = None,
        age: float | None = None,
        gender: str | None = None,
        callback: Callable[[Step], None] | None = None,
    ) -> Faces:
        """Faces for one voice or several: files, or samples with their `sample_rate` (s2f/pipeline/voices.py).

        guidance: the paper's w; other libraries' `guidance_scale` is 1 + w.
        steps, scheduler: of the face decoder; `super_resolution_…` of the enlarger. A scheduler is one of our names
            (s2f/params/samplers.py), the name of a diffusers class, or such an object.
        threshold: share of a face's numbers that dynamic thresholding leaves in range; 0 clips.
        num_images: faces of each voice.
        seed: image i of every voice is drawn from the seed derived from it and i; or a list of `num_images` seeds, as
            `Faces.seeds` has them. `generator` draws seeds instead; without either they are drawn anew.
        output_size: 'full' or 'small', or that side in pixels; a small face needs no enlarging and is faster.
        callback: is told every step of every part of the batch.

        Raises:
            InputError: any of these cannot be used; it says what is allowed.
        """
        size = side_of(output_size, self.small_px, self.image_px)
        w = self.drawing.guidance if guidance is None else checked_guidance(guidance)
        decode = changed(self.drawing.decode, scheduler, steps, threshold)
        enlarge = changed(self.drawing.enlarge, super_resolution_scheduler, super_resolution_steps)
        own = choose_seeds(seed, generator, num_images)
        heard = self.encode(waveforms(speech, sample_rate, self.spectrogram))
        embeddings, seeds = heard.repeat_interleave(num_images, 0), own * len(heard)
        small = self.decode_parts(embeddings, seeds, w, decode, callback, age, gender)
        if size == self.small_px:
            return Faces(to_images(small), seeds, heard)
        large = self.enlarge_parts(small, embeddings, seeds, enlarge, callback)
        return Faces([image for _, part in large for image in to_images(part)], seeds, heard)

    def decode_parts(
        self,
        embeddings: Tensor,
        seeds: Sequence[int],
        guidance: float | Tensor,
        walk: Walk | None = None,
        callback: Callable[[Step], None] | None = None,
        age: float | None = None,
        gender: str | None = None,
    ) -> Tensor:
        """As `decode`, for as many rows as there are: a network sees a part of them at a time."""
        walk, w = walk or self.drawing.decode, torch.as_tensor(guidance).expand(len(seeds))
        return torch.cat(
            [
                self.decode(
                    embeddings[rows],
                    seeds[rows],
                    w[rows],
                    walk,
                    told(callback, "face", index, walk, self.small_px, len(seeds)),
                    age,
                    gender,
                )
                for index, rows in enumerate(parts(len(seeds), self.small_px))
            ]
        )

    def enlarge_parts(
        self,
        small: Tensor,
        embeddings: Tensor,
        seeds: Sequence[int],
        walk: Walk | None = None,
        callback: Callable[[Step], None] | None = None,
    ) -> Iterator[tuple[slice, Tensor]]:
        """As `enlarge`, part by part: which rows, and those enlarged; no more than a part is in memory."""
        walk = walk or self.drawing.enlarge
        for index, rows in enumerate(parts(len(seeds), self.image_px)):
            tell = told(callback, "enlarge", index, walk, self.image_px, len(seeds))
            yield rows, self.enlarge(small[rows], embeddings[rows], seeds[rows], walk, on_step=tell)
