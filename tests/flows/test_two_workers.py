"""Two workers on one shard, as where a cluster's worker goes on though the build that asked it was killed.

And another build that takes away what one is looking at, for they may share what was fetched.
"""

from threading import Event, Thread

import pytest

from s2f.corpus.clip_rows import ClipRows
from s2f.corpus.plan import plan_shards
from s2f.corpus.recipe import build_shard, decided_by
from s2f.corpus.speech_faces import read_speech_faces
from s2f.media.store import Store

VIDEOS = [f"v{number:02d}" for number in range(2, 9)]
KEPT = {"ok": len(VIDEOS)}


@pytest.fixture
def shard(tmp_path, write_params, list_clips, film_server):
    """A function that builds the one shard of a corpus, and its server."""
    server = film_server()
    source = list_clips(tmp_path / "source", VIDEOS)
    params = write_params(source=source, url=server.url, shard_clips=60, validation_share=0.001, test_share=0.001)
    recipe = read_speech_faces(params)
    [shard] = plan_shards(recipe.items(), 60)
    return lambda folder: build_shard(recipe, shard, decided_by(recipe), folder / "out", folder / "ledger"), server


@pytest.fixture
def before_each(monkeypatch):
    """A function that has something done before each clip is looked at."""

    def before(do):
        real = ClipRows._row
        monkeypatch.setattr(ClipRows, "_row", lambda self, clip, section: (do(clip), real(self, clip, section))[1])

    return before


def test_who_comes_second_waits_and_finds_it_built(tmp_path, shard, before_each, contents, until, caplog):
    build, server = shard
    at_it, go_on, proofs = Event(), Event(), []

    def wait(clip):
        at_it.set()
        assert go_on.wait(60)

    before_each(wait)
    workers = [Thread(target=lambda: proofs.append(build(tmp_path))) for _ in range(2)]
    workers[0].start()
    assert at_it.wait(60)
    workers[1].start()
    until(lambda: "still at it" in caplog.text)
    go_on.set()
    for worker in workers:
        worker.join(60)
    assert [proof.reasons for proof in proofs] == [KEPT, KEPT] and proofs[0] == proofs[1]
    assert set(server.requests().values()) == {server.requests()[VIDEOS[0]]}
    build(tmp_path / "alone")
    assert contents(tmp_path / "out") == contents(tmp_path / "alone" / "out")


def test_what_another_build_takes_away_is_fetched_again_and_held_against_nobody(tmp_path, shard, before_each, contents):
    build, _ = shard
    build(tmp_path / "alone")
    taken = []

    def take(clip):
        if clip.youtube_id not in taken:
            taken.append(clip.youtube_id)
            assert Store(tmp_path / "out" / ".fetched").forget(clip.youtube_id)

    before_each(take)
    assert build(tmp_path).reasons == KEPT
    assert taken == VIDEOS
    assert contents(tmp_path / "out", "*/*.parquet") == contents(tmp_path / "alone" / "out", "*/*.parquet")
