"""`s2f corpus retry`, `remove` and `verify`, and edited lists, over films that a server sends."""

import os
import signal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from flows.portraits import build_portraits
from flows.speech_faces import build_speech_faces
from s2f.corpus.removal import erase, remember
from s2f.corpus.verifying import verify

CORPUS = ("s2f.cli.main", "corpus")
NAME = "speech_faces"
VIDEOS = [f"v{number:02d}" for number in range(2, 16)]  # of v10 no face shows, v11 is silent

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def params_for(tmp_path, write_params, list_clips):
    """A function that writes params for two clips of each video at an address."""

    def write(url, videos=VIDEOS, **changed):
        source = list_clips(tmp_path / "source", videos, begins=(0, 0.5))
        return write_params(**{"source": source, "url": url, "shard_clips": 6, **changed})

    return write


def build(data, params, flow=build_speech_faces, name=NAME):
    return flow(data / name, data / "ledger" / name, params)


@pytest.fixture
def corpus(contents):
    """A function that gives all that is of the corpus in a data folder."""
    return lambda data: contents(data / NAME) | contents(data / "ledger" / NAME)


def times(data):
    return {path.name: path.stat().st_mtime_ns for path in (data / "ledger" / NAME).glob("*.parquet")}


def ledger_of(data, name=NAME):
    paths = sorted((data / "ledger" / name).glob("*.parquet"))
    return {row["id"]: row for path in paths for row in pq.read_table(path).to_pylist()}


def rows_of(data, name=NAME, key="clip_id"):
    """Rows by id, as Parquet has them."""
    tables = [pq.read_table(path) for path in data.glob(f"{name}/*/*.parquet")]
    table = pa.concat_tables(tables)
    return {one: table.slice(number, 1) for number, one in enumerate(table[key].to_pylist())}


def is_well(data, name=NAME):
    return list(verify(data / name, data / "ledger" / name)) == []


def asked_since(server, before):
    return {video for video, count in server.requests().items() if count > before[video]}


@pytest.mark.parametrize("chosen", [("--class", "transient"), ("--reason", "network")])
def test_retry_tries_exactly_what_failed_and_the_end_is_that_of_a_build_that_never_did(
    tmp_path, params_for, film_server, run, chosen, corpus
):
    server = film_server(v05="500", v13="500", v07="410", v09="403")
    params, data = params_for(server.url), tmp_path / "data"
    assert build(data, params) == {
        "forbidden": 2, "network": 4, "no_audio": 2, "no_face": 2, "ok": 16, "removed": 2,
    }  # fmt: skip
    before, lost = (
        times(data),
        {f"{one['shard']:05d}.parquet" for one in ledger_of(data).values() if one["reason"] == "network"},
    )
    server.stop()
    server.rules = {"v07.mp4": "410", "v09.mp4": "403"}
    asked = server.start().requests()
    again = {"v05", "v13"} | ({"v09"} if "transient" in chosen else set())
    code, said = run(*CORPUS, "retry", *chosen, "--data", data, "--params", params)
    assert code == 0, said
    assert f"{'2 forbidden, ' if 'v09' in again else ''}4 network to try again" in said
    assert asked_since(server, asked) == again
    if "v09" not in again:
        assert {name for name, written in times(data).items() if written != before[name]} == lost
    assert len(lost) < len(before)
    code, said = run(*CORPUS, "verify", "--data", data)
    assert (code, "speech_faces: all as built." in said) == (0, True), said
    build(tmp_path / "never", params)
    assert corpus(data) == corpus(tmp_path / "never")
    code, said = run(*CORPUS, "retry", "--reason", "network", "--data", data, "--params", params)
    assert (code, "nothing to try again" in said) == (0, True), said


def test_a_retry_asks_the_host_again_and_not_what_was_kept(tmp_path, params_for, film_server, run):
    server = film_server(v07="410")
    params, data = params_for(server.url, VIDEOS[4:12], keep=f"{tmp_path / 'keep'}"), tmp_path / "data"
    assert build(data, params) == {"no_audio": 2, "no_face": 2, "ok": 10, "removed": 2}
    server.stop()
    server.rules = {}
    asked = server.start().requests()
    chosen = ("--reason", "no_audio", "--reason", "removed")
    code, said = run(*CORPUS, "retry", *chosen, "--data", data, "--params", params)
    assert code == 0, said
    assert asked_since(server, asked) == {"v07", "v11"}
    lost = {row["reason"] for row in ledger_of(data).values() if row["status"] != "ok"}
    assert lost == {"no_audio", "no_face"}
    asked = server.requests()
    build(tmp_path / "other", params)  # and what came of it is kept
    assert not asked_since(server, asked)


@pytest.mark.parametrize("with_what", ["the same retry", "the build"])
def test_a_retry_that_was_killed_goes_on(tmp_path, params_for, film_server, start, run, with_what, until, corpus):
    server = film_server(v05="500", v13="500")
    params, data = params_for(server.url, VIDEOS, shard_clips=40), tmp_path / "data"
    assert build(data, params)["network"] == 4
    server.stop()
    server.rules = {"v13.mp4": "stall"}
    asked = server.start().requests()
    retry = (*CORPUS, "retry", "--class", "transient", "--data", data, "--params", params)
    process = start(*retry)
    until(lambda: {"v05", "v13"} <= asked_since(server, asked))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (data / NAME / "manifest.json").exists()
    server.stop()
    server.rules = {}
    asked = server.start().requests()
    folders = ("--out", data / NAME, "--ledger", data / "ledger" / NAME, "--params", params)
    code, said = run(*(retry if with_what == "the same retry" else ("flows.speech_faces", *folders)))
    assert code == 0, said
    assert "v13" in asked_since(server, asked) <= {"v05", "v13"}
    assert is_well(data)
    build(tmp_path / "never", params)
    assert corpus(data) == corpus(tmp_path / "never")


def test_a_retry_asks_for_nothing_that_a_longer_list_has_brought(tmp_path, params_for, film_server, start, run, until):
    server = film_server(v05="500")
    data, retry = tmp_path / "data", (*CORPUS, "retry", "--class", "transient")
    params = params_for(server.url, VIDEOS[:4])
    assert build(data, params)["network"] == 2
    chosen = ("--data", data, "--params", params)
    assert run(*retry, *chosen, "--later")[0] == 0
    server.stop()
    server.rules = {"v06.mp4": "stall"}
    server.start()
    params_for(server.url)  # the same source
    process = start("flows.speech_faces", "--out", data / NAME, "--ledger", data / "ledger" / NAME, "--params", params)
    until(lambda: server.requests()["v06"])
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    asked = server.requests()
    code, said = run(*retry, *chosen)
    assert (code, "goes on from what there is now" in said) == (0, True), said
    assert not asked_since(server, asked)


def test_who_asks_for_it_is_taken_out_for_good_and_nobody_else_is_touched(
    tmp_path, params_for, film_server, run, contents, corpus
):
    server = film_server()
    keep = tmp_path / "keep"
    params, data = params_for(server.url, keep=f"{keep}"), tmp_path / "data"
    build(data, params)
    rows, asked = rows_of(data), server.requests()
    for path in keep.glob("*/v*/**/*"):  # whatever is decoded again ends as corrupt
        if path.is_file() and path.name != "fetched.json":
            path.write_bytes(b"not a film any more")
    ids = tmp_path / "ids.txt"
    ids.write_text("# by letter\nv06\nv15_00000500\nnobody\n")
    code, said = run(*CORPUS, "remove", "--ids", ids, "--data", data, "--params", params)
    assert code == 0, said
    assert "3 items taken out" in said and "Not found in any list, corpus or source: nobody." in said
    gone = {"v06_00000000", "v06_00000500", "v15_00000500"}
    assert {one: ledger_of(data)[one]["reason"] for one in gone} == dict.fromkeys(gone, "removed_on_request")
    assert_others_are_as_they_were(data, rows, gone)
    assert not list(keep.glob("*/v06")) and not list(keep.glob("*/v15")) and list(keep.glob("*/v07"))
    assert server.requests() == asked
    after = corpus(data)
    build(data, params)
    assert corpus(data) == after and server.requests() == asked
    build(tmp_path / "anew", params_for(server.url))  # the list of takedowns is the source's
    assert not asked_since(server, asked) & {"v06"}
    assert contents(tmp_path / "anew" / NAME) == contents(data / NAME)


def test_a_removal_that_was_killed_goes_on(tmp_path, params_for, film_server, run):
    server = film_server()
    params, data = params_for(server.url, VIDEOS[:6]), tmp_path / "data"
    build(data, params)
    rows = rows_of(data)
    remember(["v04"], tmp_path / "source")  # what the command does before it builds
    gone = {"v04_00000000", "v04_00000500"}
    erase(data / NAME, data / "ledger" / NAME, gone)
    (tmp_path / "ids.txt").write_text("v04\n")
    code, said = run(
        "s2f.cli.main", "corpus", "remove", "--ids", tmp_path / "ids.txt", "--data", data, "--params", params
    )
    assert code == 0, said
    assert_others_are_as_they_were(data, rows, gone)


def assert_others_are_as_they_were(data, rows, gone, name=NAME, key="clip_id"):
    left = rows_of(data, name, key)
    assert left.keys() == rows.keys() - gone
    assert all(row.equals(rows[one]) for one, row in left.items())
    assert is_well(data, name) and not list(data.rglob(".kept"))


def test_a_removed_picture_goes_with_its_copies(tmp_path, write_params, face, run):
    pictures, data = tmp_path / "pictures", tmp_path / "data"
    pictures.mkdir()
    for number in range(6):
        Image.fromarray(face(number + 10, size=128)).save(pictures / f"{number}.png")
    (pictures / "again.png").write_bytes((pictures / "2.png").read_bytes())
    path = write_params(pictures=f"{pictures}")
    assert build(data, path, build_portraits, "portraits") == {"duplicate": 1, "ok": 6}
    rows = rows_of(data, "portraits", "image_id")
    assert "again.png" not in rows  # it is its original that was used
    (tmp_path / "ids.txt").write_text("again.png\n")
    code, said = run(
        "s2f.cli.main", "corpus", "remove", "--ids", tmp_path / "ids.txt", "--data", data, "--params", path
    )
    assert code == 0, said
    ends = {one: row["reason"] for one, row in ledger_of(data, "portraits").items()}
    assert {one for one, reason in ends.items() if reason == "removed_on_request"} == {"2.png", "again.png"}
    assert_others_are_as_they_were(data, rows, {"2.png"}, "portraits", "image_id")
    assert build(data, path, build_portraits, "portraits") == {"ok": 5, "removed_on_request": 2}


def test_a_list_that_shrinks_and_grows_asks_for_no_video_that_was_kept(tmp_path, params_for, film_server, corpus):
    server = film_server(v07="404")
    for step, (videos, new) in enumerate(
        [(VIDEOS[:8], VIDEOS[:8]), (VIDEOS[3:8], []), (VIDEOS[3:12], VIDEOS[8:12]), (VIDEOS[1:10], VIDEOS[1:3])]
    ):
        params, asked = params_for(server.url, videos), server.requests()
        build(tmp_path / "edited", params)
        assert asked_since(server, asked) == set(new), step
        if step % 2:
            build(tmp_path / f"anew{step}", params)
            assert corpus(tmp_path / "edited") == corpus(tmp_path / f"anew{step}"), step
