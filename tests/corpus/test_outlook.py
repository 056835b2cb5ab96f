from pathlib import Path

import duckdb
import pytest

from s2f.corpus.ledger import Outcome, finish
from s2f.corpus.outlook import OUTLOOK, bytes_of_a_row, outlook, outlook_view, write_plan
from s2f.corpus.plan import plan_shards
from s2f.corpus.recipe import decided_by
from s2f.corpus.speech_faces import SpeechFaces
from s2f.corpus.taking import what_it_takes
from s2f.dataset.schemas import LEDGER
from s2f.dataset.shards import write_shard
from s2f.media.failures import Failure
from s2f.params.base import read_section
from s2f.params.building import BuildingParams
from s2f.params.face_models import FaceModelsParams
from s2f.params.spectrogram import SpectrogramParams
from s2f.params.speech_faces import SpeechFacesParams

PAPER = Path(__file__).parents[2] / "params.paper.yaml"


@pytest.fixture
def recipe(tmp_path, embedder, fetching):
    """Forty videos with two clips of three seconds each, and a row that is none."""
    rows = [f"v{video},{start},{start + 3},0.5,0.5" for video in range(40) for start in (0, 5)]
    (tmp_path / "clips.csv").write_text("\n".join([*rows, "bad/id,0,3,0.5,0.5"]) + "\n")
    params = SpeechFacesParams(
        source=str(tmp_path), clip_list="clips.csv", url="https://example.org/{youtube_id}", min_seconds=1.0,
        face_search_seconds=2.0, face_search_fps=5.0, max_centre_distance=0.2, face_px=64, face_margin=2.0,
        validation_share=0.2, test_share=0.2, shard_clips=8, workers=1, max_height=720,
    )  # fmt: skip
    sound = SpectrogramParams(sample_rate=16000, clip_seconds=6.0, window=400, hop=160, fft=512, compression=0.3)
    models = FaceModelsParams(detector_score=0.5, arcface=str(embedder), age_gender="none.onnx")
    return SpeechFaces(params, sound, models, 7, fetching())


def planned(recipe, tmp_path):
    write_plan(recipe, tmp_path / "ledger", tmp_path / "plan.parquet")
    return outlook(tmp_path / "plan.parquet")


def test_before_anything_is_fetched_all_is_to_do(recipe, tmp_path):
    *splits, whole = planned(recipe, tmp_path)
    assert [row["split"] for row in splits] == ["train", "validation", "test"]
    assert whole | {"shards_to_do": 0} == {
        "split": "all", "items": 81, "kept": 0, "lost": 1, "to_do": 80, "videos_to_do": 40,
        "hours_to_do": round(240 / 3600, 2), "shards_to_do": 0,
    }  # fmt: skip
    for name in ("items", "to_do", "videos_to_do", "shards_to_do"):
        assert sum(row[name] for row in splits) == whole[name]


def test_what_was_built_is_not_to_do(recipe, tmp_path):
    decided = decided_by(recipe)
    first, *_ = plan_shards(recipe.items(), recipe.shard_items)
    ends = [Outcome(item.what.id, Failure("no_face", ""), item=item.key(decided)) for item in first.items]
    finish(tmp_path / "out", tmp_path / "ledger", first, first.key(decided), ends, recipe.schema, "{}")
    whole = planned(recipe, tmp_path)[-1]
    assert (whole["lost"], whole["to_do"]) == (1 + len(ends), 80 - len(ends))


def test_the_query_can_be_copied(recipe, tmp_path):
    rows = planned(recipe, tmp_path)
    with duckdb.connect() as connection:
        connection.execute(outlook_view(tmp_path / "plan.parquet"))
        assert connection.execute(OUTLOOK).fetchall() == [tuple(row.values()) for row in rows]


def test_a_row_takes_what_rows_took_so_far(tmp_path, recipe):
    assert bytes_of_a_row(tmp_path, 99.0) == (99.0, 0)
    row = {field.name: None for field in LEDGER}
    write_shard([row] * 3, LEDGER, tmp_path / "train" / "00000.parquet")
    assert bytes_of_a_row(tmp_path, 99.0) == ((tmp_path / "train" / "00000.parquet").stat().st_size / 3, 3)


def test_room_and_time_are_said_in_sentences(tmp_path):
    room, time = what_it_takes("speech_faces", PAPER, tmp_path, {"to_do": 100_000, "videos_to_do": 67_200})
    assert room.startswith("Room: 100,000 rows of 0.76 MB (a guess: nothing was built yet) are 76")
    assert time == "Time: 67,200 videos at 280 an hour (fetching.videos_per_hour) are 10.0 days."
    cluster = "each at 280 an hour (fetching.videos_per_hour), a rate that a host sees from all of them together."
    for building, words in (
        ("runner: dask", "2.5 days for the cluster's 4 processes"),
        ("runner: ray\n  address: ray://head:10001", "10.0 days divided by the processes of the cluster"),
    ):
        path = tmp_path / "params.yaml"
        path.write_text(PAPER.read_text().replace("runner: threads", building).replace("  address: null", "", 1))
        assert read_section(path, "building", BuildingParams).runner in building
        assert list(what_it_takes("speech_faces", path, tmp_path, {"to_do": 1, "videos_to_do": 67_200}))[1] == (
            f"Time: 67,200 videos are {words}, {cluster}"
        )
    [room] = what_it_takes("portraits", PAPER, tmp_path, {"to_do": 70_000})
    assert "70,000 rows of 0.13 MB" in room
