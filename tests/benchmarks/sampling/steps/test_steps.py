"""What the study says of ways whose difference is known, and that a stopped one goes on."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from s2f.diffusion.solvers import Walk
from s2f.faces.arcface import FaceEmbedder
from s2f.faces.detect import FaceDetector
from s2f.faces.images import encode_png
from s2f.params.face_models import SAMPLE_PACK
from s2f.pipeline import SpeechToFacePipeline
from s2f.pipeline.pixels import from_pixels, to_images
from s2f.reporting.pictures import CELL, GAP, HEAD
from s2f.sample.canvas import Pose
from s2f.sample.law import draw_identity, look_of
from s2f.sample.portrait import draw_portrait
from s2f.sample.scene import draw_scene
from tests.benchmarks.sampling.steps import quality, table
from tests.benchmarks.sampling.steps.__main__ import compare, full_way, measure, way_of
from tests.benchmarks.sampling.steps.drawing import Drawn, Way, claim, draw
from tests.benchmarks.sampling.steps.picture import faces_sheet
from tests.benchmarks.sampling.steps.subjects import Subject

ROOT = Path(__file__).parents[4]
PEOPLE, SIZE = 120, 512


@pytest.fixture(scope="module")
def pipeline(tiny_pipeline: Path) -> SpeechToFacePipeline:
    return SpeechToFacePipeline.from_pretrained(tiny_pipeline, device="cpu")


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def truth():
    """People in the twenty directions that tell them apart."""
    rng = np.random.default_rng(0)
    rows = np.zeros((PEOPLE, SIZE))
    rows[:, :20] = rng.normal(size=(PEOPLE, 20))
    return quality.Truth(unit(rows), np.arange(PEOPLE))


def drawn(truth, error, seed):
    """Faces as near to the true ones as this."""
    return unit(truth.embeddings + error * np.random.default_rng(seed).normal(size=truth.embeddings.shape) / 22.6)


def test_ways_that_differ_by_luck_are_within_its_reach(truth):
    one, other = drawn(truth, 0.5, 1), drawn(truth, 0.5, 2)
    cosine, distance = quality.cosine_apart(one, other, truth), quality.distance_apart(one, other, truth)
    assert cosine.low < 0 < cosine.high and cosine.p > 0.05
    assert distance.low < distance.value < distance.high and distance.p > 0.05


def test_a_way_that_is_worse_is_found_out(truth):
    worse, full = drawn(truth, 0.6, 1), drawn(truth, 0.5, 2)
    cosine, distance = quality.cosine_apart(worse, full, truth), quality.distance_apart(worse, full, truth)
    assert cosine.high < 0 and cosine.p < 0.01
    assert distance.value > distance.high and distance.p < 0.01


def test_one_face_for_everybody_is_far_from_the_true_ones(truth):
    alike = np.tile(unit(truth.embeddings.mean(0, keepdims=True)), (PEOPLE, 1)) + drawn(truth, 0, 3) * 1e-3
    assert quality.distance(alike, truth) > 5 * quality.distance(drawn(truth, 0.5, 1), truth)


def test_faces_that_were_not_found_count_nowhere_but_as_such(truth):
    some = drawn(truth, 0.5, 1)
    some[:3] = np.nan
    assert quality.cosine(some, truth).n == PEOPLE - 3
    assert quality.distance_apart(some, drawn(truth, 0.5, 2), truth).n == PEOPLE - 3


def test_a_way_is_read_as_it_is_written(pipeline):
    own = pipeline.drawing
    assert way_of("unipc:8", own) == Way(Walk("unipc", 8, own.decode.threshold), own.enlarge, own.guidance)
    told = way_of("dpmsolver++:20/ancestral:50@-0.5^0.995~3", own)
    assert told == Way(Walk("dpmsolver++", 20, 0.995), Walk("ancestral", 50), -0.5, 3)
    for wrong in ("euler:8", "ddim", "ddim:8/euler:4", "ddim:8@"):
        with pytest.raises(SystemExit, match="allowed: SAMPLER:STEPS"):
            way_of(wrong, own)


def test_a_stopped_study_goes_on_and_shares_small_faces(pipeline, tmp_path):
    rng = np.random.default_rng(0)
    size = pipeline.models.face_decoder.config.embedding
    people = [Subject(f"{i}", f"{i}", unit(rng.normal(size=(1, size)))[0].astype(np.float32), b"") for i in range(3)]
    way = Way(Walk("ddim", 2), Walk("ddim", 1), 1.0)
    told = []
    whole = draw(pipeline, people, way, tmp_path, lambda *one: told.append(one))
    assert len(whole.small) == len(whole.large) == 3 and len(told) == 1 and min(whole.seconds) > 0
    (kept,) = (tmp_path / way.decoded).glob("*.npz")
    before = kept.stat().st_mtime_ns
    (tmp_path / way.name / kept.name).unlink()  # as if it had been stopped there
    again = draw(pipeline, people, way, tmp_path, lambda *one: None)
    assert kept.stat().st_mtime_ns == before and np.array_equal(again.large, whole.large)
    longer = draw(pipeline, people, way_of("ddim:2/ddim:2@1", pipeline.drawing), tmp_path, lambda *one: None)
    assert kept.stat().st_mtime_ns == before and np.array_equal(longer.small, whole.small)
    other = draw(pipeline, people, way_of("ddim:2/ddim:1@1~1", pipeline.drawing), tmp_path, lambda *one: None)
    assert not np.array_equal(other.small, whole.small)


def test_a_picture_shows_the_true_face_and_that_of_every_way(pipeline, tmp_path):
    size, side = pipeline.models.face_decoder.config.embedding, pipeline.image_px
    true = encode_png(np.full((side, side, 3), (255, 0, 0), np.uint8))
    people = [Subject(f"{i}", f"{i}", np.eye(size, dtype=np.float32)[i], true) for i in range(3)]
    ways = [way_of(text, pipeline.drawing) for text in ("ddim:2", "ddim:3")]
    for way in ways:
        drawn = draw(pipeline, people, way, tmp_path, lambda *one: None)
    with Image.open(io.BytesIO(faces_sheet(people, ways, tmp_path))) as picture:
        width, height = len(ways) + 1, len(people)
        assert picture.size == (width * (CELL + GAP) + GAP, HEAD + height * (CELL + GAP) + GAP)
        assert picture.getpixel((GAP + CELL // 2, HEAD + GAP // 2 + CELL // 2)) == (255, 0, 0)
        last = picture.crop(
            (picture.width - GAP - CELL, picture.height - 3 * GAP // 2 - CELL, picture.width - GAP, 10**4)
        )
    expected = to_images(torch.from_numpy(drawn.large[-1:]))[0].resize((CELL, CELL), Image.Resampling.NEAREST)
    assert np.array_equal(np.asarray(last)[:CELL], np.asarray(expected))


def test_a_folder_is_of_one_study(tmp_path):
    claim(tmp_path / "study", {"models": "a", "people": "b"})
    claim(tmp_path / "study", {"models": "a", "people": "b"})
    with pytest.raises(SystemExit, match="holds faces of another pipeline, of other people"):
        claim(tmp_path / "study", {"models": "a", "people": "c"})
    with pytest.raises(SystemExit, match="of no study; allowed: a new folder"):
        claim(tmp_path, {})


def test_a_face_is_found_and_embedded_and_a_grey_picture_is_none():
    rng = np.random.default_rng(0)
    face = draw_portrait(look_of(draw_identity(rng)), draw_scene(rng), 128, 128, Pose((64, 60), 60.0))
    large = from_pixels(np.stack([face, np.full_like(face, 127)])).numpy()
    looking = FaceDetector(0.5), FaceEmbedder(str(ROOT / SAMPLE_PACK / "arcface.onnx"))
    found = measure(["one", "two"], Drawn(np.array([[1.0, -1.0], [0.0, 0.5]]), large, (1.0, 2.0)), looking)
    assert (found["n"], found["one_face"], found["clipped"]) == (2, 1, 0.5)
    assert np.isfinite(found["embeddings"][0]).all() and np.isnan(found["embeddings"][1]).all()


def test_the_table_says_how_many_fewer(pipeline, truth):
    full, few = full_way(pipeline), Way(Walk("dpmsolver++", 8), Walk("ddim", 4), pipeline.drawing.guidance)
    found = {
        way: {"n": PEOPLE, "seconds": (1.0, 1.0), "embeddings": drawn(truth, 0.5, seed), "one_face": 7, "clipped": 0.0}
        for seed, way in enumerate((full, few))
    }
    compare(found, full, truth)
    lines = list(table.rows(found, full))
    both = sum(full.evaluations) / sum(few.evaluations)
    assert f"({both:.0f}× fewer)" in lines[3] and f"7 of {PEOPLE}" in lines[3] and "fewer" not in lines[2]
    assert "N = " not in "".join(lines)
    found[few]["embeddings"][:2] = np.nan
    compare(found, full, truth)
    assert list(table.rows(found, full))[3].count(f"N = {PEOPLE - 2}") == 2
