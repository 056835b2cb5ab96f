import re
from pathlib import Path

import numpy as np
import pytest
import torch

from s2f.dataset.schemas import PORTRAITS
from s2f.dataset.shards import write_shard
from s2f.faces.images import encode_jpeg
from s2f.models.super_resolution import SuperResolution
from s2f.pipeline import SpeechToFacePipeline, Walk
from s2f.stages.export_pipeline import main

ROOT = Path(__file__).parents[2]


@pytest.fixture
def export(tmp_path: Path, tiny_models: Path):
    """A function: the stage with lines of params.yaml changed; the folder it wrote."""
    rng = np.random.default_rng(0)
    rows = []
    for index in range(5):
        embedding = rng.normal(size=512)
        picture = {"bytes": encode_jpeg(rng.integers(0, 256, (16, 16, 3), np.uint8)), "path": None}
        row = dict.fromkeys(PORTRAITS.names) | {"image_id": f"face{index}", "face": picture, "face_box": [0.0] * 4}
        rows.append(row | {"embedding": (embedding / np.linalg.norm(embedding)).astype(np.float32)})
    write_shard(rows, PORTRAITS, tmp_path / "portraits/validation/00000.parquet")

    def _export(**values: object) -> Path:
        text = (ROOT / "params.yaml").read_text()
        for name, value in values.items():
            text = re.sub(rf"^  {name}: .*$", f"  {name}: {value}", text, flags=re.MULTILINE)
        (tmp_path / "params.yaml").write_text(text)
        main(tiny_models, tmp_path / "portraits", tmp_path / "pipeline", tmp_path / "params.yaml")
        return tmp_path / "pipeline"

    return _export


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_exported_draws_as_params_say(export) -> None:
    drawing = SpeechToFacePipeline.from_pretrained(export(sampler="unipc", threshold=0.9)).drawing
    assert drawing.decode == Walk("unipc", 8, 0.9) and drawing.enlarge == Walk("ddim", 4)
    assert (drawing.guidance, drawing.noise_level) == (1.0, 0.0)


def test_variances_are_measured_on_as_many_portraits_as_asked_for(export) -> None:
    errors = [SpeechToFacePipeline.from_pretrained(export(variance_pictures=n)).models.x_0_error for n in (2, 5, 900)]
    for name in ("face_decoder", "super_resolution"):
        assert errors[0][name].shape == (50,) and errors[0][name].isfinite().all() and errors[0][name].max() > 0
        assert not torch.equal(errors[0][name], errors[1][name]) and torch.equal(errors[1][name], errors[2][name])
    assert SpeechToFacePipeline.from_pretrained(export(variance_pictures=0)).models.x_0_error == {}


def test_variances_do_not_depend_on_how_many_faces_fit_into_memory(export, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = SpeechToFacePipeline.from_pretrained(export(variance_pictures=5)).models.x_0_error
    monkeypatch.setattr("s2f.pipeline.pixels.AT_ONCE", 2 * 16 * 16)
    seen = []
    forward = SuperResolution.forward
    monkeypatch.setattr(SuperResolution, "forward", lambda *given: seen.append(len(given[1])) or forward(*given))
    parts = SpeechToFacePipeline.from_pretrained(export(variance_pictures=5)).models.x_0_error
    assert set(seen) <= {1, 2}
    for name, error in whole.items():
        torch.testing.assert_close(parts[name], error, rtol=1e-5, atol=1e-8)


def test_variances_of_the_enlarger_are_those_under_the_noise_that_it_draws_under(export) -> None:
    clean, noisy = (
        SpeechToFacePipeline.from_pretrained(export(super_resolution_noise=level)).models.x_0_error
        for level in (0, 0.03)
    )
    assert torch.equal(clean["face_decoder"], noisy["face_decoder"])
    assert not torch.equal(clean["super_resolution"], noisy["super_resolution"])


def test_the_same_inputs_give_the_same_bytes_and_an_edit_of_the_report_none_other(export) -> None:
    first = bytes_of(export())
    assert bytes_of(export()) == first == bytes_of(export(tiny_face_px=48))
    assert {name for name, content in bytes_of(export(steps=5)).items() if content != first[name]} == {
        "model_index.json"
    }
