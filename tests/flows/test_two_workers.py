"""Two workers on one shard, as where a cluster loses sight of one, or one goes on though its build was killed.

And another build that takes away what one is looking at, for they may share what was fetched.
"""

import time
from threading import Event, Thread

import pytest

from flows.speech_faces import build_speech_faces
from s2f.corpus import lock
from s2f.corpus.clip_rows import ClipRows
from s2f.corpus.lock import only_builder
from s2f.corpus.plan import plan_shards
from s2f.corpus.recipe import build_shard, decided_by
from s2f.corpus.removal import erase, remember
from s2f.corpus.speech_faces import read_speech_faces
from s2f.media.stopping import Stopped
from s2f.media.store import Store

VIDEOS = [f"v{number:02d}" for number in range(2, 9)]
KEPT = {"ok": len(VIDEOS)}
SOON_S = 15.0


@pytest.fixture
def params(tmp_path, write_params, list_clips, film_server):
    """A function that writes params of a corpus of one shard, and its server."""
    server = film_server()

    def write(videos=VIDEOS, **changed):
        source = list_clips(tmp_path / "source", videos)
        one = {"shard_clips": 60, "validation_share": 0.001, "test_share": 0.001}
        return write_params(source=source, url=server.url, **one | changed)

    return write, server


@pytest.fixture
def build(params):
    """A function that builds a shard, the first where none is named, by the name of a build or in one of its own."""

    def build(folder, builder=None, number=0, **changed):
        recipe = read_speech_faces(params[0](**changed))
        shard = plan_shards(recipe.items(), recipe.shard_items)[number]
        folders = folder / "out", folder / "ledger"
        if builder is not None:
            return build_shard(recipe, shard, decided_by(recipe), *folders, builder)
        with only_builder(folder / "ledger") as builder:
            return build_shard(recipe, shard, decided_by(recipe), *folders, builder)

    return build


@pytest.fixture
def looked_at(monkeypatch):
    """Videos whose clips were looked at, and a function that has something done before each look."""
    videos, do = [], [lambda clip: None]

    def row(self, clip, section):
        videos.append(clip.youtube_id)
        do[0](clip)
        return real(self, clip, section)

    real = ClipRows._row
    monkeypatch.setattr(ClipRows, "_row", row)
    return videos, lambda what: do.insert(0, what)


@pytest.fixture
def started():
    """A function that has something done in a thread, and gives its end, a result or an error, when it is asked."""

    def start(do, *words, **options):
        def run():
            try:
                ends.append(do(*words, **options))
            except BaseException as error:
                ends.append(error)

        def end():
            thread.join(60)
            assert not thread.is_alive()
            return ends[0]

        ends = []
        thread = Thread(target=run, daemon=True)
        thread.start()
        return end

    return start


def killed_build(ledger):
    """The name that a build leaves in its lock when it is killed."""
    with only_builder(ledger) as killed:
        pass
    (ledger.parent / f".{ledger.name}.lock").write_text(killed)
    return killed


@pytest.fixture
def zombie(tmp_path, build, looked_at, started):
    """A function that starts a worker of a build that is dead, and halts it at its first look: end, release, name."""
    at_it, go_on = Event(), Event()

    def wait(clip):
        if not at_it.is_set():
            at_it.set()
            assert go_on.wait(60)

    def start(**changed):
        killed = killed_build(tmp_path / "ledger")
        looked_at[1](wait)
        end = started(build, tmp_path, killed, **changed)
        assert at_it.wait(60)
        return end, go_on, killed

    return start


def test_who_comes_second_waits_and_finds_it_built(
    tmp_path, build, params, looked_at, started, contents, until, caplog
):
    server, (videos, before_each) = params[1], looked_at
    at_it, go_on = Event(), Event()

    def wait(clip):
        at_it.set()
        assert go_on.wait(60)

    before_each(wait)
    with only_builder(tmp_path / "ledger") as builder:
        first = started(build, tmp_path, builder)
        assert at_it.wait(60)
        second = started(build, tmp_path, builder)
        until(lambda: "still at it" in caplog.text)
        go_on.set()
        assert first().reasons == KEPT and first() == second()
    assert videos == VIDEOS
    asked = server.requests()
    build(tmp_path / "alone")
    assert contents(tmp_path / "out") == contents(tmp_path / "alone" / "out")
    assert server.requests() - asked == asked


def test_a_worker_of_a_dead_build_puts_nobody_back_who_was_taken_out(tmp_path, build, zombie, started, until, caplog):
    end, go_on, _ = zombie()
    out, ledger = tmp_path / "out", tmp_path / "ledger"

    def take_out():
        with only_builder(ledger):
            erase(out, ledger, {VIDEOS[0]})
            Store(out / ".fetched").forget(VIDEOS[0])

    remember([VIDEOS[0]], tmp_path / "source")
    taken = started(take_out)
    until(lambda: "still at it" in caplog.text)
    go_on.set()
    assert taken() is None and isinstance(end(), Stopped)
    assert not list(out.rglob("*.parquet")) and not list(out.rglob("*.tmp"))
    assert not list(out.rglob(VIDEOS[0])) and list(out.rglob(VIDEOS[1]))
    assert build(tmp_path).reasons == {"ok": len(VIDEOS) - 1, "removed_on_request": 1}


def test_a_worker_that_waits_for_its_turn_does_not_overwrite_what_a_later_build_has_built(
    tmp_path, build, zombie, started, until, caplog, contents
):
    first, go_on, killed = zombie()
    second = started(build, tmp_path, killed)  # as where a cluster has lost sight of the first
    until(lambda: "still at it" in caplog.text)
    remember([VIDEOS[0]], tmp_path / "source")
    third = started(build, tmp_path)
    until(lambda: caplog.text.count("still at it") == 2)
    go_on.set()
    assert third().reasons == {"ok": len(VIDEOS) - 1, "removed_on_request": 1}
    assert isinstance(first(), Stopped) and isinstance(second(), Stopped)
    built = contents(tmp_path)
    with pytest.raises(Stopped, match="this build is over"):
        build(tmp_path, killed, face_px=32)
    assert contents(tmp_path) == built
    build(tmp_path / "alone")
    assert contents(tmp_path, "out/*/*", "ledger/*") == contents(tmp_path / "alone", "out/*/*", "ledger/*")


def test_a_worker_of_a_dead_build_leaves_no_shard_too_many_in_a_corpus_that_is_finished(
    tmp_path, params, zombie, prefect_server, monkeypatch
):
    """The list shrank to one shard while the worker was at the second."""
    end, go_on, _ = zombie(number=1, shard_clips=3)
    monkeypatch.setattr(lock.logger, "warning", lambda *words: go_on.set())
    path = params[0](VIDEOS[:3], shard_clips=3)
    assert build_speech_faces(tmp_path / "out", tmp_path / "ledger", path) == {"ok": 3}
    assert isinstance(end(), Stopped)
    assert [path.name for path in tmp_path.glob("out/*/*.parquet")] == ["00000.parquet"]
    assert [path.name for path in tmp_path.glob("ledger/*")] == ["00000.parquet"]
    assert not (tmp_path / ".ledger.shards").exists()
    assert not list((tmp_path / "out").glob(".*"))


def test_a_worker_that_waits_for_its_host_ends_soon_when_another_build_begins(tmp_path, build, params, started, until):
    server = params[1]
    server.stop()
    server.rules = {f"{video}.mp4": "429" for video in VIDEOS}
    server.start()
    killed = killed_build(tmp_path / "ledger")
    end = started(build, tmp_path, killed, cool_down_minutes=1.0, cool_downs=1)
    until((tmp_path / "out" / ".fetched" / "refused.json").exists)
    begun = time.monotonic()
    with only_builder(tmp_path / "ledger"):
        assert time.monotonic() - begun < SOON_S
        assert isinstance(end(), Stopped)


def test_what_another_build_takes_away_is_fetched_again_and_held_against_nobody(tmp_path, build, looked_at, contents):
    build(tmp_path / "alone")
    taken = []

    def take(clip):
        if clip.youtube_id not in taken:
            taken.append(clip.youtube_id)
            assert Store(tmp_path / "out" / ".fetched").forget(clip.youtube_id)

    looked_at[1](take)
    assert build(tmp_path).reasons == KEPT
    assert taken == VIDEOS
    assert contents(tmp_path / "out", "*/*.parquet") == contents(tmp_path / "alone" / "out", "*/*.parquet")
