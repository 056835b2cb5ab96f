"""What a build costs beside its clips, in time and in memory: little, and no more with ten times as many."""

import time

import numpy as np
import pytest

import flows.shards
from flows.speech_faces import build_speech_faces
from s2f.corpus.clip_rows import ClipRows
from s2f.dataset.shards import ShardWriter

SECONDS, CLIPS = 6.5, 200
MOST_SHARE = 0.05  # of a build's time
FEW, MOST_GROWTH = 64, 1.1  # clips that have warmed all up; of memory, with ten times as many


@pytest.fixture(scope="module")
def films(tmp_path_factory, film, face):
    """A folder of four videos in the largest size that is fetched, and a list of clips of them."""
    folder = tmp_path_factory.mktemp("films")
    rng = np.random.default_rng(0)
    for number in range(4):
        walls = [rng.integers(60, 160, (720, 280, 3), np.uint8) for _ in range(2)]
        picture = np.concatenate([walls[0], face(number + 2, size=720), walls[1]], axis=1)
        film(folder / "videos" / f"v{number}.mp4", picture, seconds=SECONDS + 5)
    begins = [(number, start / 10) for start in range(CLIPS // 4) for number in range(4)]
    rows = [f"v{number},{begin},{begin + SECONDS},0.5,0.5\n" for number, begin in begins]
    (folder / "clips.csv").write_text("".join(rows))
    return folder


@pytest.fixture
def spent(monkeypatch):
    """Seconds at clips themselves, at their rows' Parquet, and at all from the plan to the manifest."""
    spent = {"clips": 0.0, "parquet": 0.0, "all": 0.0}

    def clock(owner, name, what):
        real = getattr(owner, name)

        def clocked(*arguments):
            begun = time.perf_counter()
            try:
                return real(*arguments)
            finally:
                spent[what] += time.perf_counter() - begun

        monkeypatch.setattr(owner, name, clocked)

    def build(self, items):
        outcomes = real(self, items)
        while True:
            begun = time.perf_counter()
            outcome = next(outcomes, None)
            spent["clips"] += time.perf_counter() - begun
            if outcome is None:
                return
            yield outcome

    real = ClipRows.build
    monkeypatch.setattr(ClipRows, "build", build)
    clock(ShardWriter, "_write_group", "parquet")
    clock(flows.shards, "_build_corpus", "all")
    return spent


def test_prefect_ledger_and_parquet_take_little_of_a_builds_time(tmp_path, films, write_params, spent, prefect_server):
    params = write_params(source=f"{films}", shard_clips=40, workers=1, face_px=128)
    begun = time.perf_counter()
    assert build_speech_faces(tmp_path / "out", tmp_path / "ledger", params) == {"ok": CLIPS}
    before_and_after = time.perf_counter() - begun - spent["all"]
    beside = spent["all"] - spent["clips"]
    print(
        f"\n{spent['all'] / CLIPS * 1000:.0f} ms a clip, {beside / spent['all']:.1%} of them beside it, "
        f"{spent['parquet'] / spent['all']:.1%} of them its row's Parquet; once a build {before_and_after:.1f} s"
    )
    assert spent["clips"] > 0.5 * spent["all"]
    assert beside < MOST_SHARE * spent["all"]


def test_ten_times_as_many_clips_take_no_more_memory(tmp_path, write_params, film_server, measured):
    server, peaks = film_server(), []
    for times in (1, 10):
        source = tmp_path / f"{times}"
        source.mkdir()
        begins = [(video, begin) for begin in range(8) for video in range(80)][: FEW * times]
        (source / "clips.csv").write_text(
            "".join(f"v{video:02d},{0.3 + begin / 10:.1f},2,,\n" for video, begin in begins)
        )
        params = write_params(source=f"{source}", url=server.url, shard_clips=12, workers=2)
        words = "--out", source / "out", "--ledger", source / "ledger", "--params", params
        seconds, peak, said = measured("flows.speech_faces", *words)
        print(f"\n{FEW * times} clips: {seconds:.0f} s, {peak / 1e6:.0f} MB")
        assert f"of {FEW * times} kept" in said
        peaks.append(peak)
    assert peaks[1] < MOST_GROWTH * peaks[0]
