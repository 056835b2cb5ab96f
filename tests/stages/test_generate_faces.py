import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from s2f.dataset.choice import unpicked
from s2f.dataset.schemas import ENLARGED, GENERATED, HEARD, PORTRAITS, SPECTROGRAM_SHAPE, SPEECH_FACES
from s2f.dataset.shards import is_shard, iterate_rows, write_shard
from s2f.faces.images import encode_jpeg
from s2f.runtime import InputError, derive_seed
from s2f.stages import export_pipeline, generate_faces
from s2f.stages.generate_faces import main

PARAMS = """
seed: {seed}
generation:
  guidance: {guidance}
  default_guidance: 1
  samples: 2
  sampler: dpmsolver++
  steps: 3
  threshold: 0
  super_resolution_sampler: ddim
  super_resolution_steps: 2
  super_resolution_noise: 0.1
  super_resolution_pictures: {pictures}
  variance_pictures: 2
  batch: {batch}
  shard_clips: {shard_clips}
"""
VOICES = 5
PLACES = {"face_box": [0.0] * 4, "keypoints": [0.0] * 12}
Bytes = dict[str, bytes]


class Stage:
    """The stage on a tiny corpus; `run` returns the bytes of what it wrote, by path."""

    def __init__(self, folder: Path, models: Path) -> None:
        self.folder, self.models, self.out = folder, models, folder / "generated"
        self.rng = np.random.default_rng(0)
        rows = [self.voice(index) for index in range(VOICES)]
        write_shard(rows[:3], SPEECH_FACES, folder / "speech_faces/test/00000.parquet")
        write_shard(rows[3:], SPEECH_FACES, folder / "speech_faces/test/00001.parquet")
        portraits = [self.portrait(index) for index in range(3)]
        write_shard(portraits, PORTRAITS, folder / "portraits/validation/00000.parquet")

    def run(
        self,
        guidance: str = "[0, 1]",
        batch: int = 4,
        seed: int = 7,
        shard_clips: int = 2,
        pictures: int = 2,
    ) -> Bytes:
        params = self.folder / "params.yaml"
        filled = PARAMS.format(guidance=guidance, batch=batch, seed=seed, shard_clips=shard_clips, pictures=pictures)
        params.write_text(filled)
        portraits, pipeline = self.folder / "portraits", self.folder / "pipeline"
        export_pipeline.main(self.models, portraits, pipeline, params)
        main(self.folder / "speech_faces", portraits, pipeline, self.out, params)
        return {str(path.relative_to(self.out)): path.read_bytes() for path in self.out.rglob("*") if path.is_file()}

    def embedding(self) -> np.ndarray:
        values = self.rng.normal(size=512)
        return (values / np.linalg.norm(values)).astype(np.float32)

    def picture(self) -> dict[str, Any]:
        return {"bytes": encode_jpeg(self.rng.integers(0, 256, (16, 16, 3), np.uint8)), "path": None}

    def voice(self, index: int) -> dict[str, Any]:
        row = dict.fromkeys(SPEECH_FACES.names) | {"clip_id": f"clip{index}", "face": self.picture()} | PLACES
        spectrogram = self.rng.normal(size=SPECTROGRAM_SHAPE).astype(np.float16)
        return row | {"embedding": self.embedding(), "spectrogram": spectrogram}

    def portrait(self, index: int) -> dict[str, Any]:
        row = dict.fromkeys(PORTRAITS.names) | {"image_id": f"face{index}", "face": self.picture()}
        row["person"] = f"person{index // 2}"
        return row | {"embedding": self.embedding(), "face_box": PLACES["face_box"]}


@pytest.fixture
def stage(tmp_path: Path, tiny_models: Path) -> Stage:
    return Stage(tmp_path, tiny_models)


def pixels(row: dict[str, Any], column: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(row[column]["bytes"])), np.int16)


def test_every_voice_gets_every_weight_and_sample(stage: Stage) -> None:
    written = stage.run()
    assert sorted(written) == [
        "enlarged/00000.parquet",
        "faces/00000.parquet",
        "faces/00001.parquet",
        "faces/00002.parquet",
        "heard/00000.parquet",
    ]
    for name, schema in (("faces", GENERATED), ("heard", HEARD), ("enlarged", ENLARGED)):
        assert all(is_shard(path, schema) for path in (stage.out / name).iterdir())
    rows = list(iterate_rows(stage.out / "faces"))
    wanted = [(f"clip{i}", w, k) for i in range(VOICES) for w in (0.0, 1.0) for k in (0, 1)]
    assert [(row["clip_id"], row["guidance"], row["sample"]) for row in rows] == wanted
    assert all(row["seed"] == derive_seed(7, "face", row["clip_id"], row["sample"]) for row in rows)
    assert {(pixels(row, "small").shape, pixels(row, "face").shape) for row in rows} == {((8, 8, 3), (16, 16, 3))}


def test_heard_embeddings_are_written_once_per_voice(stage: Stage) -> None:
    stage.run()
    heard = list(iterate_rows(stage.out / "heard"))
    assert [row["clip_id"] for row in heard] == [f"clip{i}" for i in range(VOICES)]
    assert [np.linalg.norm(row["embedding"]) for row in heard] == pytest.approx([1] * VOICES, rel=1e-5)


def test_enlarged_portraits_keep_the_true_picture(stage: Stage) -> None:
    stage.run()
    given = {row["image_id"]: row for row in iterate_rows(stage.folder / "portraits/validation")}
    rows = list(iterate_rows(stage.out / "enlarged"))
    assert [row["image_id"] for row in rows] == unpicked(given, 2)
    for row in rows:
        portrait = given[row["image_id"]]
        assert row["person"] == portrait["person"]
        assert row["true"] == portrait["face"]
        mean = pixels(portrait, "face").reshape(8, 2, 8, 2, 3).mean(axis=(1, 3))
        assert np.abs(pixels(row, "small") - mean).max() <= 1
        assert pixels(row, "super_resolution").shape == pixels(row, "bicubic").shape == (16, 16, 3)


def test_portraits_to_enlarge_are_of_the_whole_folder_not_of_its_first_shards(stage: Stage) -> None:
    rows = [stage.portrait(index) for index in range(30)]
    for shard in range(3):  # sorted by name, as folders are
        part = rows[10 * shard : 10 * shard + 10]
        write_shard(part, PORTRAITS, stage.folder / f"portraits/validation/{shard:05d}.parquet")
    stage.run(pictures=10)
    chosen = [row["image_id"] for row in iterate_rows(stage.out / "enlarged")]
    assert chosen == unpicked([row["image_id"] for row in rows], 10)
    assert len({int(one.removeprefix("face")) // 10 for one in chosen}) == 3


def test_the_same_inputs_give_the_same_bytes(stage: Stage, tmp_path: Path, tiny_models: Path) -> None:
    assert stage.run() == Stage(tmp_path / "again", tiny_models).run()


def test_the_batch_changes_no_picture(stage: Stage) -> None:
    stage.run(batch=20)
    before = list(iterate_rows(stage.out / "faces"))
    for path in (stage.out / "faces").iterdir():
        path.unlink()
    stage.run(batch=3)
    for old, new in zip(before, iterate_rows(stage.out / "faces"), strict=True):
        for column in ("small", "face"):  # one level of 255 is a rounding
            assert np.abs(pixels(old, column) - pixels(new, column)).max() <= 1


def test_a_finished_run_is_left_alone_and_a_killed_one_continued(stage: Stage) -> None:
    whole = stage.run()
    kept = stage.out / "faces/00000.parquet"
    written = kept.stat().st_mtime_ns
    (stage.out / "faces/00001.parquet").unlink()
    (stage.out / "faces/00002.parquet").write_bytes(whole["faces/00002.parquet"][:100])
    (stage.out / "faces/.00001.parquet.99.tmp").write_bytes(b"half")
    assert stage.run() == whole
    assert kept.stat().st_mtime_ns == written


def test_nothing_stale_survives(stage: Stage, tiny_models: Path) -> None:
    first = stage.run()
    other_seed = stage.run(seed=8)
    assert {name for name in first if first[name] != other_seed[name]} == set(first) - {"heard/00000.parquet"}
    fewer = stage.run(seed=8, shard_clips=5)
    assert "faces/00001.parquet" not in fewer
    more_weights = stage.run(seed=8, shard_clips=5, guidance="[0, 2]")
    assert {name for name in fewer if fewer[name] != more_weights[name]} == {"faces/00000.parquet"}
    assert {row["guidance"] for row in iterate_rows(stage.out / "faces")} == {0, 2}
    write_shard([stage.voice(0)], SPEECH_FACES, stage.folder / "speech_faces/test/00000.parquet")
    (stage.folder / "speech_faces/test/00001.parquet").unlink()
    stage.run(seed=8, shard_clips=5, guidance="[0, 2]")
    assert pq.read_metadata(stage.out / "heard/00000.parquet").num_rows == 1
    assert {row["clip_id"] for row in iterate_rows(stage.out / "faces")} == {"clip0"}


def test_faces_drawn_by_other_code_or_stored_in_other_columns_are_drawn_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.run()
    written = stage.out / "enlarged/00000.parquet"
    kept = pq.read_table(written)
    write_shard([], ENLARGED.remove(1).with_metadata(kept.schema.metadata), written)
    stage.run()
    assert pq.read_table(written) == kept
    before = {path: path.stat().st_mtime_ns for path in stage.out.rglob("*.parquet")}
    monkeypatch.setattr(generate_faces, "CODE", generate_faces.CODE[:-1])
    stage.run()
    assert all(path.stat().st_mtime_ns != time for path, time in before.items())


def test_more_pictures_to_enlarge_redraw_no_face(stage: Stage) -> None:
    few, many = stage.run(pictures=1), stage.run(pictures=3)
    assert {name for name in few if few[name] != many[name]} == {"enlarged/00000.parquet"}


def test_portraits_of_another_size_are_refused(stage: Stage) -> None:
    row = stage.portrait(0)
    row["face"]["bytes"] = encode_jpeg(np.zeros((20, 20, 3), np.uint8))
    write_shard([row], PORTRAITS, stage.folder / "portraits/validation/00000.parquet")
    with pytest.raises(InputError, match="face0: 20×20 px; super_resolution was trained for 16×16"):
        stage.run()


def test_no_voices_are_one_sentence(stage: Stage) -> None:
    for path in (stage.folder / "speech_faces/test").iterdir():
        path.unlink()
    with pytest.raises(InputError, match="holds no voices"):
        stage.run()
