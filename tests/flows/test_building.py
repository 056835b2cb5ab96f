"""Both flows on small corpora of drawn faces, against a real Prefect server: resumed, killed, pruned, described."""

import base64
import json
import signal
import time

import duckdb
import httpx
import pyarrow.parquet as pq
import pytest
from prefect.settings import PREFECT_API_URL

from flows.portraits import build_portraits
from flows.speech_faces import build_speech_faces
from s2f.corpus.clip_rows import ClipRows
from s2f.dataset.schemas import PORTRAITS, SPEECH_FACES
from s2f.faces.images import decode_image
from s2f.media.failures import Failure

pytestmark = pytest.mark.usefixtures("prefect_server")


def build(folder, params):
    return build_speech_faces(folder / "out", folder / "ledger", params)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, write_params):
    """An uninterrupted build, and its counts."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, build(folder, write_params())


def test_every_clip_ends_under_its_reason(whole):
    reasons = dict.fromkeys(("bad_row", "corrupt", "multiple_faces", "no_audio", "no_face", "no_video", "removed"), 1)
    assert whole[1] == reasons | {"ok": 3}


def test_duckdb_reads_every_table_as_it_is(whole):
    with duckdb.connect() as connection:
        ledger = connection.sql(f"SELECT id, status, split FROM '{whole[0]}/ledger/*.parquet'").fetchall()
        rows = connection.sql(
            f"SELECT clip_id, len(embedding), len(spectrogram), octet_length(speech.bytes), octet_length(face.bytes) "
            f"FROM '{whole[0]}/out/*/*.parquet' ORDER BY clip_id"
        ).fetchall()
    assert len(ledger) == 10
    assert [row[0] for row in rows] == sorted(name for name, status, _ in ledger if status == "ok")
    assert {row[1:3] for row in rows} == {(512, 598 * 257 * 2)}
    assert all(speech > 1000 and face > 500 for *_, speech, face in rows)
    assert all(pq.read_schema(path).equals(SPEECH_FACES) for path in whole[0].glob("out/*/*.parquet"))


def test_the_manifest_agrees_with_the_files(whole):
    manifest = json.loads((whole[0] / "out" / "manifest.json").read_text())
    files = {str(path.relative_to(whole[0] / "out")) for path in whole[0].glob("out/*/*.parquet")}
    assert set(manifest["shards"]) == files
    assert manifest["by_reason"] == whole[1]
    assert len(manifest["recipe"]["arcface"]["sha256"]) == 64


def test_building_again_builds_nothing(whole, write_params):
    before = {path: path.stat().st_mtime_ns for path in whole[0].rglob("*.parquet")}
    assert build(whole[0], write_params(workers=1)) == whole[1]
    assert {path: path.stat().st_mtime_ns for path in whole[0].rglob("*.parquet")} == before


def test_only_what_is_damaged_is_built_again(whole, tmp_path, write_params, contents):
    build(tmp_path, write_params())
    shards = sorted(tmp_path.glob("out/*/*.parquet"))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}
    shards[0].write_bytes(shards[0].read_bytes()[:100])
    build(tmp_path, write_params())
    changed = {path.name for path in tmp_path.rglob("*.parquet") if path.stat().st_mtime_ns != before[path]}
    assert changed == {shards[0].name}
    assert contents(tmp_path) == contents(whole[0])


def test_other_parameters_build_another_corpus_and_leave_nothing_stale(whole, tmp_path, write_params, contents):
    build(tmp_path, write_params(face_px=32))
    assert contents(tmp_path).keys() == contents(whole[0]).keys()
    assert contents(tmp_path) != contents(whole[0])
    build(tmp_path, write_params(max_clips=2, shard_clips=5))
    assert len(list(tmp_path.glob("ledger/*.parquet"))) <= 2
    build(tmp_path, write_params())
    assert contents(tmp_path) == contents(whole[0])


def test_a_killed_build_goes_on_to_the_same_bytes(whole, tmp_path, write_params, start, until, contents):
    params = write_params(workers=1)
    out, ledger = tmp_path / "out", tmp_path / "ledger"
    process = start("flows.speech_faces", "--params", params, "--out", out, "--ledger", ledger)
    until(lambda: list(ledger.glob("*.parquet")) or process.poll() is not None)
    process.kill()
    assert process.wait() == -signal.SIGKILL, (tmp_path / "said.txt").read_text()
    found = list(ledger.glob("*.parquet"))
    assert not (tmp_path / "out" / "manifest.json").exists()
    assert 0 < len(found) < 10
    (tmp_path / "out" / "train").mkdir(parents=True, exist_ok=True)
    (tmp_path / "out" / "train" / ".00000.parquet.1.tmp").write_bytes(b"what a kill leaves")
    kept = {path: path.stat().st_mtime_ns for path in found}
    build(tmp_path, params)
    assert {path: path.stat().st_mtime_ns for path in found} == kept
    assert contents(tmp_path / "out") == contents(whole[0] / "out")
    assert contents(tmp_path / "ledger") == contents(whole[0] / "ledger")


def test_a_clip_list_that_was_edited_is_read_again(tmp_path, write_params, sources):
    films = tmp_path / "films"
    films.mkdir()
    (films / "videos").symlink_to(sources[0] / "videos")
    (films / "clips.csv").write_text("-good,0,2,0.5,0.5\n")
    params = write_params(source=str(films))
    assert build(tmp_path, params) == {"ok": 1}
    (films / "clips.csv").write_text("-good,0,2,0.5,0.5\nroom,0,2,0.5,0.5\n")
    assert build(tmp_path, params) == {"no_face": 1, "ok": 1}


@pytest.fixture
def tried(monkeypatch):
    """Ids of the clips that a flow in this process decodes."""
    ids = []

    def row(self, clip, *arguments):
        ids.append(clip.id)
        return real(self, clip, *arguments)

    real = ClipRows._row
    monkeypatch.setattr(ClipRows, "_row", row)
    return ids


def test_a_list_that_shrinks_and_grows_is_built_by_exactly_the_difference(
    tmp_path, write_params, sources, tried, contents
):
    films = tmp_path / "films"
    films.mkdir()
    (films / "videos").symlink_to(sources[0] / "videos")
    rows = [f"-good,{start},2,0.5,0.5" for start in (0, 0.2, 0.4)]
    rows += [f"later,{start},2,0.5,0.5" for start in (0, 0.1, 0.2, 0.3, 0.4)]
    rows += [f"{video},0,2,0.5,0.5" for video in ("room", "unseen", "gone", "crowd", "broken")]

    def built(folder, rows, **changed):
        (films / "clips.csv").write_text("\n".join(rows) + "\n")
        return build(folder, write_params(source=str(films), shard_clips=3, **changed)), list(tried)

    for step, (kept, new) in enumerate([(rows[:9], rows[:9]), (rows[1:9], []), (rows[1:], rows[9:]), (rows, rows[:1])]):
        reasons, again = built(tmp_path / "edited", kept)
        assert len(again) == len([row for row in new if not row.startswith("gone")]), step
        tried.clear()
        assert (reasons, contents(tmp_path / "edited")) == (
            built(tmp_path / f"anew{step}", kept)[0],
            contents(tmp_path / f"anew{step}"),
        )
        tried.clear()


def test_a_label_that_was_corrected_is_written_and_nothing_is_looked_at_again(tmp_path, write_params, sources, tried):
    films = tmp_path / "films"
    films.mkdir()
    (films / "videos").symlink_to(sources[0] / "videos")
    (films / "clips.csv").write_text("-good,0,2,0.5,0.5\n")
    params = write_params(source=str(films))
    for age in (30, 40):
        (films / "labels.csv").write_text(f"youtube_id,start,age\n-good,0,{age}\n")
        assert build(tmp_path, params) == {"ok": 1}
        [path] = tmp_path.glob("out/*/*.parquet")
        assert pq.read_table(path)["age"].to_pylist() == [age]
    assert len(tried) == 1


def test_a_video_overwritten_under_its_name_is_built_again_and_nothing_else(
    tmp_path, write_params, film, face, list_clips
):
    films, names = tmp_path / "films", ("a", "b", "c")
    for number, name in enumerate(names):
        film(films / "videos" / f"{name}.mp4", face(number + 1), seconds=2.0)
    params = write_params(source=list_clips(films, names))
    assert build(tmp_path, params) == {"ok": 3}
    before, ledger = embeddings(tmp_path), times(tmp_path / "ledger")
    film(films / "videos" / "b.mp4", face(9), seconds=2.0)
    assert build(tmp_path, params) == {"ok": 3}
    assert {name for name, value in embeddings(tmp_path).items() if value != before[name]} == {"b"}
    assert sum(time != ledger[path] for path, time in times(tmp_path / "ledger").items()) == 1


def embeddings(folder):
    paths = folder.glob("out/*/*.parquet")
    rows = [row for path in paths for row in pq.read_table(path, columns=["youtube_id", "embedding"]).to_pylist()]
    return {row["youtube_id"]: row["embedding"] for row in rows}


def times(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_portraits_end_under_their_reasons(tmp_path, write_params):
    reasons = build_portraits(tmp_path / "out", tmp_path / "ledger", write_params())
    assert reasons == {"corrupt": 1, "no_face": 1, "ok": 5}
    paths = list(tmp_path.glob("out/*/*.parquet"))
    assert all(pq.read_schema(path).equals(PORTRAITS) for path in paths)
    ids = duckdb.sql(f"SELECT image_id FROM '{tmp_path}/out/*/*.parquet' ORDER BY 1").fetchall()
    assert [name for (name,) in ids] == [f"{number}.png" for number in range(5)]


def test_prefect_keeps_progress_funnel_failures_with_examples_and_faces(tmp_path, write_params):
    reasons = build(tmp_path, write_params())
    kept = {artifact["key"]: artifact["data"] for artifact in asked("artifacts", "CREATED_DESC")}
    assert kept["speech-faces-progress"] == 100
    assert [row["items"] for row in json.loads(kept["speech-faces-funnel"])][::5] == ["10", "3"]
    failures = {row["reason"]: row for row in json.loads(kept["speech-faces-failures"])}
    assert set(failures) == set(reasons) - {"ok"}
    assert failures["no_face"] | {"said": ""} == {
        "class": "filtered", "reason": "no_face", "said": "", "items": "1", "example": "room_00000000",
    }  # fmt: skip
    head, picture = kept["speech-faces-faces"].rstrip(")").split("base64,")
    assert head == "![faces](data:image/jpeg;"
    assert decode_image(base64.b64decode(picture)).shape == (96, 768, 3)


def test_what_comes_from_outside_is_no_markup_on_prefects_page(tmp_path, write_params, sources, monkeypatch):
    def refuse(*arguments):
        raise Failure("no_format", "<img src=x onerror=alert(1)> ![x](http://y)")

    monkeypatch.setattr(ClipRows, "_row", refuse)
    build(tmp_path, write_params(max_clips=1))
    [data] = [one["data"] for one in asked("artifacts", "CREATED_DESC") if one["key"] == "speech-faces-failures"][-1:]
    assert json.loads(data)[0]["said"] == "‹img src=x onerror=alert(1)› ![x] (http://y)"


def test_flow_and_task_runs_carry_names_and_tags_a_reader_understands(tmp_path, write_params):
    build(tmp_path, write_params(max_clips=2))
    [flow_run] = [run for run in asked("flow_runs", "START_TIME_DESC") if str(tmp_path) in run["name"]]
    assert flow_run["name"] == f"speech-faces to {tmp_path / 'out'}"
    asked_for = {"flow_runs": {"id": {"any_": [flow_run["id"]]}}}
    until = time.monotonic() + 60  # the server writes task runs a second later
    while len(runs := asked("task_runs", "EXPECTED_START_TIME_DESC", **asked_for)) < 2 and time.monotonic() < until:
        time.sleep(0.1)
    shards = sorted(path.relative_to(tmp_path / "ledger").stem for path in tmp_path.glob("ledger/*.parquet"))
    assert sorted(run["name"].split()[-1] for run in runs) == shards
    assert all(set(run["tags"]) == {"speech_faces", run["name"].split()[1]} for run in runs)


def test_a_ledgers_decay_is_healed_by_the_next_build(tmp_path, write_params, contents):
    params = write_params(max_clips=3)
    build(tmp_path, params)
    before, path = contents(tmp_path), sorted(tmp_path.glob("ledger/*.parquet"))[1]
    whole = path.read_bytes()
    path.write_bytes(whole[:40] + bytes(40) + whole[80:])
    build(tmp_path, params)
    assert contents(tmp_path) == before


def test_a_build_goes_on_when_its_artifacts_cannot_be_kept(tmp_path, write_params, monkeypatch, caplog):
    def refuse(*arguments, **options):
        raise httpx.ConnectError("nobody listens")

    monkeypatch.setattr("flows.artifacts.create_progress_artifact", refuse)
    assert sum(build(tmp_path, write_params(max_clips=2)).values()) == 2
    assert "Prefect's page does not show how far this build is (nobody listens); the build goes on." in caplog.text


def asked(what, sort, **filters):
    """The server's own list, latest first; Prefect's client sends nulls that its server refuses."""
    answer = httpx.post(f"{PREFECT_API_URL.value()}/{what}/filter", json={"sort": sort, "limit": 50, **filters})
    return answer.raise_for_status().json()[::-1]
