"""`s2f corpus` as its user calls it; retry and remove, which build, are in tests/flows."""

import re
import sys

import duckdb
import pyarrow.parquet as pq
import pytest
from PIL import Image

from s2f.cli.main import main
from s2f.corpus.ledger import Outcome, finish
from s2f.corpus.manifest import write_manifest
from s2f.corpus.plan import Shard
from s2f.dataset.schemas import SPEECH_FACES
from s2f.media.failures import Failure


@pytest.fixture
def run(monkeypatch, capsys):
    """A function: the command's exit code and what it printed on both streams."""

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["s2f", "corpus", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        printed = capsys.readouterr()
        return int(end.value.code or 0), printed.out, printed.err

    return call


@pytest.fixture
def params(tmp_path, embedder, face, pytestconfig):
    """The project's own params.yaml, of two videos on the web and three pictures."""
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "clips.csv").write_text("a,0,3,0.5,0.5\na,5,8,0.5,0.5\nb,0,4,0.5,0.5\n")
    (tmp_path / "pictures").mkdir()
    for number in range(3):
        Image.fromarray(face(number + 1, size=64)).save(tmp_path / "pictures" / f"{number}.png")
    text = (pytestconfig.rootpath / "params.yaml").read_text()
    for pattern, value in (
        ("source: data/sample/speech", f"source: {tmp_path}/clips"),
        ("source: data/sample/portraits", f"source: {tmp_path}/pictures"),
        (r"url: \S+", "url: https://example.org/watch?v={youtube_id}"),
        ("videos_per_hour: null", "videos_per_hour: 2"),
        (r"arcface: \S+", f"arcface: {embedder}"),
    ):
        text, times = re.subn(pattern, value, text)
        assert times == 1, pattern
    (tmp_path / "params.yaml").write_text(text)
    return tmp_path / "params.yaml"


def test_plan_says_what_a_build_will_take_and_fetches_nothing(run, params, tmp_path):
    code, out, _ = run("plan", "--params", params, "--data", tmp_path / "data")
    assert code == 0
    words = " ".join(out.split())
    assert "Time: 2 videos at 2 an hour (fetching.videos_per_hour) are 1.0 hours." in words
    assert "Room: 3 rows of 0.74 MB (a guess: nothing was built yet)" in words
    assert re.search(r"all │ 3 │ 0 │ 0 │ 3 │ 2 │", words)
    plan = pq.read_table(tmp_path / "data" / "plan" / "speech_faces.parquet").to_pylist()
    assert sorted((row["id"], row["video"], row["seconds"], row["state"]) for row in plan) == [
        ("a_00000000", "a", 3.0, "to do"),
        ("a_00005000", "a", 3.0, "to do"),
        ("b_00000000", "b", 4.0, "to do"),
    ]
    assert [path.name for path in (tmp_path / "data").iterdir() if path.is_dir()] == ["plan"]


def test_plan_before_anything_was_built_asks_for_no_weights(run, params, tmp_path):
    params.write_text(re.sub(r"arcface: \S+", "arcface: no_such_pack", params.read_text()))
    assert run("plan", "--params", params, "--data", tmp_path / "data")[0] == 0


def test_plan_shows_one_corpus_where_the_other_has_no_source_yet(run, params, tmp_path):
    params.write_text(re.sub(r"(portraits:[^:]*source:) \S+", r"\1 nowhere", params.read_text()))
    code, out, err = run("plan", "--params", params, "--data", tmp_path / "data")
    assert code == 2 and "Time: 2 videos" in out
    assert err.startswith("error: portraits.source: nowhere: no such folder")


def test_plan_of_one_corpus_alone_with_its_query(run, params, tmp_path):
    code, out, _ = run("plan", "--params", params, "--data", tmp_path / "data", "--dataset", "portraits", "--sql")
    assert code == 0
    assert "Time:" not in out and "GROUP BY ROLLUP (split)" in out
    assert run("plan", "--params", params, "--dataset", "cats")[0::2] == (
        2,
        "error: --dataset cats: there is none such; allowed: speech_faces, portraits.\n",
    )


@pytest.fixture
def built(tmp_path):
    """A finished corpus of one row that was kept and one that was not."""
    data = tmp_path / "data"
    out, ledger = data / "speech_faces", data / "ledger" / "speech_faces"
    ends = [Outcome("a_00000000", Failure("no_face", "")), Outcome("b_00000000", Failure("removed", "gone"))]
    shard = Shard(0, "train", ())
    out.mkdir(parents=True)
    write_manifest(out, "speech_faces", {}, [(shard, finish(out, ledger, shard, "k", ends, SPEECH_FACES, "{}"))])
    return data


def test_verify_is_content_with_what_was_built_and_names_what_is_not(run, built):
    assert run("verify", "--data", built)[:2] == (0, "speech_faces: all as built.\n")
    path = built / "ledger" / "speech_faces" / "00000.parquet"
    path.write_bytes(path.read_bytes()[:-9])
    code, out, _ = run("verify", "--data", built)
    assert code == 1
    assert f"{path}: cut off" in out and "speech_faces: not as built" in out


def test_status_prints_its_queries(run, built):
    code, out, _ = run("status", "--data", built, "--sql")
    assert code == 0
    assert "CREATE VIEW ledger AS FROM read_parquet" in out and "-- By day" in out


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (("retry", "--class", "filtered", "--reason", "removed"), ["a_00000000", "b_00000000"]),
        (("retry", "--reason", "removed"), ["b_00000000"]),
        (("remove", "--ids", "ids.txt"), ["a_00000000"]),
    ],
)
def test_commands_print_what_they_would_ask_and_change_nothing(run, built, tmp_path, monkeypatch, words, ids):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ids.txt").write_text("a\n")
    before = {path: path.stat().st_mtime_ns for path in built.rglob("*")}
    code, out, _ = run(*words, "--data", built, "--sql")
    assert code == 0
    with duckdb.connect() as connection:
        assert [row[0] for row in connection.execute(out).fetchall()] == ids
    assert {path: path.stat().st_mtime_ns for path in built.rglob("*")} == before


def test_retry_needs_to_be_told_what(run, built):
    code, _, err = run("retry", "--data", built)
    assert (code, err.startswith("error: retry: nothing to try again was named")) == (2, True)


def test_retry_finds_nothing_where_nothing_failed_so(run, built):
    code, out, _ = run("retry", "--data", built, "--class", "transient")
    assert (code, "speech_faces: nothing to try again." in out) == (0, True)


@pytest.mark.parametrize("command", [("status",), ("verify",), ("retry", "--class", "transient")])
def test_without_a_corpus_there_is_one_sentence(run, tmp_path, command):
    code, _, err = run(*command, "--data", tmp_path)
    assert code == 2 and "no corpus was built here yet" in err
