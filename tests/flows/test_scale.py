"""What a build costs beside its clips: no more of Prefect with ten times as many, and no more memory.

What share of a build's time that is, `python -m tests.benchmarks.corpus` measures; a clock here would measure whoever
else uses the machine.
"""

from collections import Counter

import httpx
import pyarrow.parquet as pq
import pytest
from prefect.events.worker import EventsWorker

from flows.speech_faces import build_speech_faces
from s2f.dataset.shards import ROWS_PER_GROUP, shard_paths

FEW, MOST_GROWTH = 64, 1.1  # clips that have warmed all up; of memory, with ten times as many
SLACK = 10  # requests: Prefect sends a log line alone or with the next ones, and asks anew for an old token


@pytest.fixture
def asked(monkeypatch):
    """How many requests and events Prefect's server was sent."""
    asked = Counter()

    async def send(self, request, **options):
        asked["requests"] += 1
        return await sent(self, request, **options)

    def send_now(self, request, **options):
        asked["requests"] += 1
        return sent_now(self, request, **options)

    def tell(self, event):
        asked["events"] += 1
        return told(self, event)

    sent, sent_now, told = httpx.AsyncClient.send, httpx.Client.send, EventsWorker.send
    monkeypatch.setattr(httpx.AsyncClient, "send", send)
    monkeypatch.setattr(httpx.Client, "send", send_now)
    monkeypatch.setattr(EventsWorker, "send", tell)
    return asked


@pytest.mark.usefixtures("prefect_server")
def test_prefect_is_told_of_shards_and_not_of_clips(tmp_path, write_params, film_server, asked):
    """The build of ten times as many clips in as many shards sends the server no more; rows are written by groups."""
    server, costs = film_server(), []
    for each in (4, 40):
        source, out = tmp_path / f"{each}", tmp_path / f"{each}" / "out"
        source.mkdir()
        rows = [f"v{video:02d},{0.3 + begin / 100:.2f},2,,\n" for begin in range(each) for video in range(4)]
        (source / "clips.csv").write_text("".join(rows))
        params = write_params(source=f"{source}", url=server.url, shard_clips=each, workers=1)
        asked.clear()
        reasons = build_speech_faces(out, source / "ledger", params)
        costs.append(dict(asked))
        assert sum(reasons.values()) == 4 * each
        files = [pq.ParquetFile(path) for split in ("train", "validation", "test") for path in shard_paths(out / split)]
        assert sum(file.metadata.num_rows for file in files) == reasons["ok"]
        assert all(file.num_row_groups == -(-file.metadata.num_rows // ROWS_PER_GROUP) for file in files)
    assert costs[0]["events"] > 0 and costs[0]["requests"] > 0
    assert costs[1]["events"] <= costs[0]["events"] + 2
    assert costs[1]["requests"] <= costs[0]["requests"] + SLACK, costs


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
