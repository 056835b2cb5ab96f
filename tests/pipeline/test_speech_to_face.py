import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler, UniPCMultistepScheduler

from s2f.audio.speech import encode_flac
from s2f.diffusion.solvers import sampler_named
from s2f.models.face_decoder import FaceDecoder
from s2f.params.samplers import SAMPLERS
from s2f.pipeline import SpeechToFacePipeline, Walk
from s2f.pipeline.asking import Step, changed
from s2f.pipeline.pixels import AT_ONCE, at_once, from_pixels, parts, to_pixels
from s2f.runtime import InputError

RATE = 16_000


@pytest.fixture
def pipeline(tiny_pipeline: Path) -> SpeechToFacePipeline:
    return SpeechToFacePipeline.from_pretrained(tiny_pipeline, device="cpu")


@pytest.fixture(scope="module")
def speech() -> torch.Tensor:
    return 0.1 * torch.randn(3, 6 * RATE, generator=torch.Generator().manual_seed(0)).clamp(-3, 3)


def pixels(faces: list) -> np.ndarray:
    return np.stack([np.asarray(face) for face in faces]).astype(np.int16)


def test_voices_become_faces_of_the_models_sizes(pipeline: SpeechToFacePipeline, speech: torch.Tensor) -> None:
    faces = pipeline(speech, RATE, num_images=2, seed=1, steps=4)
    assert faces.embeddings.shape == (3, 512) and len(faces.images) == len(faces.seeds) == 6
    assert pixels(faces.images).shape == (6, 16, 16, 3)
    for small in ("small", 8, "8"):
        assert pixels(pipeline(speech, RATE, seed=1, steps=4, output_size=small).images).shape == (3, 8, 8, 3)
    assert faces.seeds[:2] == faces.seeds[2:4]  # a sample's noise is the same for every voice


def test_heard_embeddings_have_unit_length(pipeline: SpeechToFacePipeline, speech: torch.Tensor) -> None:
    torch.testing.assert_close(pipeline.encode(speech).norm(dim=1), torch.ones(3))


def test_a_face_depends_on_its_own_voice_and_seed_alone(pipeline: SpeechToFacePipeline, speech: torch.Tensor) -> None:
    embeddings = pipeline.encode(speech)
    together = pipeline.decode(embeddings, [1, 2, 3], torch.tensor([0.0, 2.0, -1.0]))
    torch.testing.assert_close(together[1:2], pipeline.decode(embeddings[1:2], [2], 2.0), rtol=0, atol=1e-3)
    assert not torch.allclose(together[1:2], pipeline.decode(embeddings[1:2], [3], 2.0), atol=1e-4)


def test_a_seed_draws_the_same_picture_whatever_else_is_drawn(
    pipeline: SpeechToFacePipeline, speech: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With others in its batch, in a batch of its own, and with its own seed alone."""
    many = pipeline(speech, RATE, num_images=5, seed=3, steps=4)
    assert len(set(many.seeds)) == 5
    alone = pipeline(speech[1], RATE, num_images=1, seed=[many.seeds[7]], steps=4)
    monkeypatch.setattr("s2f.pipeline.pixels.AT_ONCE", 2 * 16 * 16)  # two enlarged ones at a time
    in_parts = pipeline(speech, RATE, num_images=5, seed=3, steps=4)
    assert np.abs(pixels(many.images) - pixels(in_parts.images)).max() <= 1  # of 255: rounding
    assert np.abs(pixels(alone.images)[0] - pixels(many.images)[7]).max() <= 1


def test_without_a_seed_faces_are_new_and_say_their_seeds(pipeline: SpeechToFacePipeline, speech: torch.Tensor) -> None:
    first, second = (pipeline(speech[0], RATE, steps=2) for _ in range(2))
    assert first.seeds != second.seeds
    again = pipeline(speech[0], RATE, steps=2, seed=first.seeds)
    assert np.array_equal(pixels(first.images), pixels(again.images))
    drawn = [
        pipeline(speech[0], RATE, steps=2, generator=torch.Generator().manual_seed(4), num_images=2) for _ in range(2)
    ]
    several = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    assert len(set(pipeline(speech[0], RATE, steps=2, generator=several, num_images=2).seeds)) == 2
    assert (
        pipeline(speech[0], RATE, steps=2, seed=np.int64(3)).seeds == pipeline(speech[0], RATE, steps=2, seed=3).seeds
    )
    assert (
        max(drawn[0].seeds)
        < 2**53
        > max(pipeline(speech[0], RATE, steps=2, seed=3, num_images=20, output_size=8).seeds)
    )
    assert drawn[0].seeds == drawn[1].seeds and np.array_equal(pixels(drawn[0].images), pixels(drawn[1].images))


@pytest.mark.parametrize("scheduler", SAMPLERS)
def test_schedulers_are_swapped_by_name(pipeline: SpeechToFacePipeline, speech: torch.Tensor, scheduler: str) -> None:
    options = {"scheduler": scheduler, "super_resolution_scheduler": scheduler, "super_resolution_steps": 3}
    small, large = (pipeline(speech[0], RATE, seed=1, steps=5, output_size=size, **options) for size in (8, 16))
    assert pixels(small.images).std() > 1 and pixels(large.images).std() > 1
    walk = changed(pipeline.drawing.decode, scheduler, 5)
    heard = pipeline.encode(speech[:1])
    by_walk = pipeline.decode(heard, small.seeds, walk=walk)
    assert walk == Walk(scheduler, 5) and np.abs(pixels(small.images) - to_pixels(by_walk)).max() <= 1


def test_diffusers_own_names_and_objects_are_understood() -> None:
    assert sampler_named("DDIMScheduler") == sampler_named(DDIMScheduler()) == "ddim"
    assert sampler_named("UniPCMultistepScheduler") == sampler_named(UniPCMultistepScheduler()) == "unipc"
    assert sampler_named("DPMSolverMultistepScheduler") == "dpmsolver++"
    assert sampler_named("DDPMScheduler") == sampler_named(DDPMScheduler) == "ancestral"
    for options in ({"algorithm_type": "sde-dpmsolver++"}, {"use_karras_sigmas": True}, {"solver_order": 3}):
        with pytest.raises(InputError, match=r"scheduler DPMSolverMultistepScheduler.*; allowed: "):
            sampler_named(DPMSolverMultistepScheduler(**options))
    with pytest.raises(InputError, match=r"DPMSolverMultistepScheduler with solver_order 3; allowed: 2 or 1\."):
        sampler_named(DPMSolverMultistepScheduler(solver_order=3))
    with pytest.raises(InputError, match=r"DDPMScheduler with variance_type fixed_large; allowed: fixed_small\."):
        sampler_named(DDPMScheduler(variance_type="fixed_large"))
    with pytest.raises(InputError, match=r"DPMSolverMultistepScheduler with thresholding; allowed: without, and a thr"):
        sampler_named(DPMSolverMultistepScheduler(thresholding=True))
    with pytest.raises(InputError, match=r"or diffusers' DPMSolverMultistepScheduler, UniPC\w+, DDPMScheduler\.$"):
        sampler_named("AnalyticDPM")
    with pytest.raises(InputError, match=r"scheduler EulerDiscreteScheduler; allowed: dpmsolver\+\+, unipc, ddim"):
        sampler_named("EulerDiscreteScheduler")


def test_every_step_of_every_part_is_told(
    pipeline: SpeechToFacePipeline, speech: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("s2f.pipeline.pixels.AT_ONCE", 2 * 16 * 16)
    seen: list[Step] = []
    pipeline(speech, RATE, seed=1, steps=3, super_resolution_steps=2, callback=seen.append)
    assert [one.step for one in seen if one.stage == "face"] == [1, 2, 3]
    assert [(one.step, one.steps) for one in seen if one.stage == "enlarge"] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [len(one.pictures) for one in seen] == [3, 3, 3, 2, 2, 1, 1]
    assert all(one.pictures.abs().max() <= 1 for one in seen)


def test_the_encoder_hears_a_part_of_many_voices_at_a_time(
    pipeline: SpeechToFacePipeline, speech: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("s2f.pipeline.speech_to_face.VOICES_AT_ONCE", 2)
    seen: list[int] = []
    handle = pipeline.models.speech_encoder.register_forward_hook(lambda _, given, __: seen.append(len(given[0])))
    several = pipeline.encode(torch.cat([speech, speech])[:5])
    handle.remove()
    assert seen == [2, 2, 1]
    torch.testing.assert_close(several[:3], pipeline.encode(speech[:3]))


@pytest.mark.parametrize("w", [np.arange(3)[2], np.float32(2), torch.tensor(2.0), 2])
def test_guidance_may_be_anybodys_number(pipeline: SpeechToFacePipeline, speech: torch.Tensor, w: object) -> None:
    options = {"seed": 1, "steps": 2, "output_size": "small"}
    drawn, expected = (pipeline(speech[0], RATE, guidance=one, **options).images[0] for one in (w, 2.0))
    assert np.array_equal(np.asarray(drawn), np.asarray(expected))


def test_a_part_of_the_rows_is_never_more_than_a_network_may_see() -> None:
    assert (at_once(512), at_once(64), at_once(4096)) == (1, 64, 1) and at_once(64) * 64 * 64 <= AT_ONCE
    assert [range(5)[rows] for rows in parts(5, 362)] == [range(0, 2), range(2, 4), range(4, 5)]


@pytest.mark.parametrize("torch_dtype", [torch.bfloat16, torch.float16])
def test_half_precision_draws_nearly_the_same_face(
    tiny_pipeline: Path, pipeline: SpeechToFacePipeline, speech: torch.Tensor, torch_dtype: torch.dtype
) -> None:
    half = SpeechToFacePipeline.from_pretrained(tiny_pipeline, torch_dtype=torch_dtype, device="cpu")
    assert next(half.models.face_decoder.parameters()).dtype == torch_dtype
    whole, halved = (one(speech, RATE, seed=1, steps=4) for one in (pipeline, half))
    assert torch.equal(whole.embeddings, halved.embeddings)
    assert np.abs(pixels(whole.images) - pixels(halved.images)).mean() < 4  # of 255
    with pytest.raises(InputError, match=r"torch_dtype torch\.int8; allowed: float32"):
        half.to(torch_dtype=torch.int8)
    assert half.to(torch.float32).dtype == half.to("cpu", "float32").dtype == torch.float32
    for device in ("foo", "cuda:99"):
        with pytest.raises(InputError, match=f"device {device}; allowed on this machine: cpu"):
            half.to(device)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"output_size": 512}, r"output_size 512; allowed: small \(8\) or full \(16\)"),
        ({"num_images": 1.5}, "num_images 1.5; allowed: whole numbers"),
        ({"steps": 2.0}, "steps 2.0; allowed: whole numbers"),
        ({"seed": "x"}, "1 seeds for num_images|seed 'x'; allowed: whole numbers"),
        ({"guidance": float("nan")}, "guidance nan; allowed: numbers within ±100"),
        ({"guidance": torch.tensor([1.0, 2.0])}, "allowed: numbers within ±100"),
        ({"guidance": 1e38}, "allowed: numbers within ±100"),
        ({"scheduler": ["ddim"]}, "scheduler list; allowed"),
        ({"num_images": 0}, "num_images 0; allowed: 1 or more"),
        ({"steps": 51}, "51 sampling steps; allowed: 1 to 50"),
        ({"steps": 0}, "0 sampling steps"),
        ({"threshold": 1.5}, "threshold 1.5; allowed: 0 to 1"),
        ({"seed": [1, 2]}, "2 seeds for num_images 1"),
        ({"seed": 1, "generator": torch.Generator()}, "seed and generator were both given"),
        ({"scheduler": "euler"}, "scheduler euler; allowed: dpmsolver"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(
    pipeline: SpeechToFacePipeline, speech: torch.Tensor, options: dict, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        pipeline(speech[0], RATE, **options)


def test_the_low_faces_noise_is_at_most_what_training_knew(pipeline: SpeechToFacePipeline) -> None:
    small, embedding = torch.zeros(1, 3, 8, 8), torch.zeros(1, 512)
    strong = [pipeline.enlarge(small, embedding, [0], noise_level=level) for level in (0.3, 0.9)]
    assert torch.equal(*strong)
    assert not torch.equal(pipeline.enlarge(small, embedding, [0], noise_level=0.0), strong[0])


def test_the_voice_is_held_and_the_age_changed(pipeline: SpeechToFacePipeline, speech: torch.Tensor) -> None:
    with pytest.raises(
        InputError, match=r"knows no age; allowed: one trained with face_decoder.attributes \[age\], or"
    ):
        pipeline(speech, RATE, age=40.0)
    torch.manual_seed(0)
    config = pipeline.models.face_decoder.config.model_copy(update={"attributes": ("age", "gender")})
    knowing = SpeechToFacePipeline(replace(pipeline.models, face_decoder=FaceDecoder(config)), pipeline.drawing, "cpu")
    heard = knowing.encode(speech)
    drawn = {age: knowing.decode(heard, [1, 2, 3], 2.0, age=age) for age in (None, 20.0, 70.0)}
    assert not torch.allclose(drawn[20.0], drawn[70.0], atol=1e-3)
    assert not torch.allclose(drawn[20.0], drawn[None], atol=1e-3)
    assert len(knowing(speech, RATE, steps=2, age=20.0, gender="f").images) == 3
    for age in (float("nan"), -1.0, 1e9):
        with pytest.raises(InputError, match="is no person's; allowed: 0 to 120 years, or none"):
            knowing(speech, RATE, age=age)
    with pytest.raises(InputError, match="gender 'female' is not known; allowed: f, m, or none"):
        knowing(speech, RATE, gender="female")


def test_a_file_is_a_voice(pipeline: SpeechToFacePipeline, spoken: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "voice.flac"
    path.write_bytes(encode_flac(spoken, RATE))
    read, given = pipeline(path, seed=1, steps=2), pipeline(spoken, RATE, seed=1, steps=2)
    torch.testing.assert_close(read.embeddings, given.embeddings, rtol=0, atol=1e-3)  # 16 bits
    several = pipeline([str(path), path], seed=1, steps=2)
    assert len(several.images) == 2
    torch.testing.assert_close(several.embeddings, read.embeddings.expand(2, -1), rtol=0, atol=1e-5)


def test_pixels_survive_the_round_trip() -> None:
    drawn = np.random.default_rng(0).integers(0, 256, (2, 5, 4, 3), np.uint8)
    assert np.array_equal(to_pixels(from_pixels(drawn)), drawn)
    assert from_pixels(drawn).shape == (2, 3, 5, 4)


def test_the_readmes_lines_run(tiny_pipeline: Path, spoken: np.ndarray, tmp_path: Path, monkeypatch) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    [block] = re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL)
    (tmp_path / "data/models").mkdir(parents=True)
    (tmp_path / "data/models/pipeline").symlink_to(tiny_pipeline)
    (tmp_path / "voice.wav").write_bytes(encode_flac(spoken, RATE))
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {})
    assert (tmp_path / "face.png").is_file()
