"""100,000 clips of 60,000 videos, built before: planned, gone on with and asked about in seconds, in little memory.

The ledger and the data are written by the product's own functions, without media: of a row only what the artifacts
read. Everything asked is asked by the real commands; run with -s for how long each took.
"""

import time

import pyarrow as pa
import pytest

from flows.shards import shards_of
from s2f.corpus.contact_sheet import contact_sheet
from s2f.corpus.ledger import Outcome, finish
from s2f.corpus.queries import FAILURES, FUNNEL, query
from s2f.corpus.recipe import decided_by, tool_versions
from s2f.corpus.speech_faces import read_speech_faces
from s2f.dataset.schemas import SPEECH_FACES
from s2f.faces.images import encode_jpeg
from s2f.media.failures import Failure

CLIPS, VIDEOS = 100_000, 60_000
KEPT = 3  # every third
MOST_BYTES = 1_000_000_000
MOST_S = 60.0  # of a command that takes five or ten on two cores with nothing else to do
REFRESH_S = 30.0  # flows.artifacts: so often, while a build goes on, the ledger is read for Prefect's page

COLUMNS = pa.schema([SPEECH_FACES.field("clip_id"), SPEECH_FACES.field("face")])


@pytest.fixture(scope="module")
def data(tmp_path_factory, write_params, face):
    """Its params file, and a folder like data/ in which every clip has its end."""
    folder = tmp_path_factory.mktemp("long")
    rows = [f"v{row % VIDEOS:010d},{row // VIDEOS * 10},{row // VIDEOS * 10 + 6},0.5,0.5\n" for row in range(CLIPS)]
    (folder / "clips.csv").write_text("".join(rows))
    params = write_params(source=f"{folder}", url="http://127.0.0.1:9/{youtube_id}.mp4", shard_clips=200)
    recipe = read_speech_faces(params)
    decided, picture = decided_by(recipe), {"bytes": encode_jpeg(face(1, size=128)), "path": None}
    for shard in shards_of(recipe):
        outcomes = [
            Outcome(item.what.id, end_of(number, item.what, picture), item=item.key(decided))
            for number, item in enumerate(shard.items)
        ]
        out, ledger = folder / "data" / "speech_faces", folder / "data" / "ledger" / "speech_faces"
        finish(out, ledger, shard, shard.key(decided), outcomes, COLUMNS, tool_versions())
    return params, folder / "data"


def end_of(number, clip, picture):
    if number % KEPT == 0:
        return {"clip_id": clip.id, "face": picture}
    if number % KEPT == 1:
        return Failure("removed", f"[youtube] {clip.youtube_id}: Video unavailable", attempts=1)
    return Failure("face_off_centre", f"{number / 400:.2f} of the diagonal from the list's centre, 0.25 allowed")


def tell(what, seconds, peak=None):
    print(f"\n{what}: {seconds:.1f} s" + (f", {peak / 1e6:.0f} MB" if peak else ""))


def test_a_long_list_is_planned_in_seconds_and_little_memory(data, measured, tmp_path):
    params, folder = data
    for place, to_do in ((tmp_path, VIDEOS), (folder, 0)):
        words = "--dataset", "speech_faces", "--data", place, "--params", params
        seconds, peak, said = measured("s2f.cli.main", "corpus", "plan", *words)
        tell(f"s2f corpus plan, {to_do} videos to do", seconds, peak)
        assert f"Time: {to_do} videos as fast as they come" in said.replace(",", "")
        assert (seconds < MOST_S, peak < MOST_BYTES) == (True, True)


def test_a_build_that_is_finished_has_nothing_to_do_and_says_so_in_seconds(data, measured):
    params, folder = data
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.parquet")}
    words = "--out", folder / "speech_faces", "--ledger", folder / "ledger" / "speech_faces", "--params", params
    seconds, peak, said = measured("flows.speech_faces", *words)
    tell("the build again", seconds, peak)
    assert " 0 to build" in said
    assert f"of {CLIPS} kept" in said
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.parquet")} == before
    assert (seconds < MOST_S, peak < MOST_BYTES) == (True, True)


def test_its_state_is_told_in_seconds_and_little_memory(data, measured):
    seconds, peak, said = measured("s2f.cli.main", "corpus", "status", "--data", data[1])
    tell("s2f corpus status", seconds, peak)
    assert "Video unavailable" in said
    assert (seconds < MOST_S, peak < MOST_BYTES) == (True, True)


def test_what_prefects_page_shows_takes_little_of_the_time_between_two_looks(data):
    ledger, begun = data[1] / "ledger" / "speech_faces", time.perf_counter()
    funnel, failures = query(FUNNEL, ledger)[0], query(FAILURES, ledger)
    sheet = contact_sheet(data[1] / "speech_faces")
    seconds = time.perf_counter() - begun
    tell("the artifacts", seconds)
    assert funnel["tried"] == CLIPS
    assert failures[0]["items"] == pytest.approx(CLIPS / KEPT, rel=0.01)
    assert sheet is not None
    assert seconds < 0.1 * REFRESH_S
