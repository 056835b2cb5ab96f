from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from s2f.dataset.schemas import LEDGER, SPECTROGRAM_SHAPE, SPEECH_FACES
from s2f.dataset.shards import (
    ROWS_PER_GROUP,
    ShardWriter,
    from_table,
    is_shard,
    iterate_rows,
    shard_name,
    shard_paths,
    write_shard,
)


def row(index: int) -> dict[str, Any]:
    rng = np.random.default_rng(index)
    return {
        "clip_id": f"clip{index}",
        "youtube_id": "abc",
        "start_s": 1.5,
        "end_s": 7.5,
        "frame_s": 0.25,
        "face": {"bytes": b"jpeg", "path": None},
        "face_box": [1.0, 2.0, 3.0, 4.0],
        "face_score": 0.9,
        "keypoints": list(range(12)),
        "embedding": rng.normal(size=512).astype(np.float32),
        "spectrogram": rng.normal(size=SPECTROGRAM_SHAPE).astype(np.float16),
        "speech": {"bytes": b"flac", "path": None},
        "age": None,
        "gender": "f",
        "person": None,
    }


def test_rows_come_back_as_they_went_in(tmp_path: Path) -> None:
    rows = [row(index) for index in range(3)]
    write_shard(rows, SPEECH_FACES, tmp_path / shard_name(0))
    table = pq.read_table(tmp_path / shard_name(0))
    assert table.schema.equals(SPEECH_FACES)
    tensor = table.column("spectrogram").combine_chunks().to_numpy_ndarray()
    np.testing.assert_array_equal(tensor, np.stack([one["spectrogram"] for one in rows]))
    back = list(iterate_rows(tmp_path, columns=["clip_id", "embedding", "age"]))
    assert [one["clip_id"] for one in back] == ["clip0", "clip1", "clip2"]
    np.testing.assert_array_equal(np.float32(back[1]["embedding"]), rows[1]["embedding"])
    assert back[0]["age"] is None


def test_the_same_rows_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_shard([row(1), row(2)], SPEECH_FACES, tmp_path / name / shard_name(0))
    assert (tmp_path / "a" / shard_name(0)).read_bytes() == (tmp_path / "b" / shard_name(0)).read_bytes()


def test_rows_that_come_one_by_one_are_a_row_group_in_memory_and_the_same_bytes(tmp_path: Path) -> None:
    rows = [row(index) for index in range(ROWS_PER_GROUP + 3)]
    write_shard(rows, SPEECH_FACES, tmp_path / "whole" / shard_name(0))
    writer = ShardWriter(tmp_path / shard_name(0), SPEECH_FACES)
    for one in rows:
        writer.add(one)
    assert not (tmp_path / shard_name(0)).exists()
    assert writer.close() == tmp_path / shard_name(0)
    assert (tmp_path / shard_name(0)).read_bytes() == (tmp_path / "whole" / shard_name(0)).read_bytes()
    assert pq.ParquetFile(tmp_path / shard_name(0)).num_row_groups == 2


def test_a_writer_that_is_abandoned_or_had_no_row_leaves_nothing(tmp_path: Path) -> None:
    writer = ShardWriter(tmp_path / shard_name(0), SPEECH_FACES)
    assert writer.close() is None
    for index in range(ROWS_PER_GROUP):
        writer.add(row(index))
    assert len(list(tmp_path.iterdir())) == 1
    writer.abandon()
    assert list(tmp_path.iterdir()) == []


def test_rows_read_from_a_table_are_written_as_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "first" / shard_name(0)
    write_shard([row(index) for index in range(5)], SPEECH_FACES, path)
    write_shard(from_table(pq.read_table(path)), SPEECH_FACES, tmp_path / shard_name(0))
    assert (tmp_path / shard_name(0)).read_bytes() == path.read_bytes()


def test_an_empty_shard_is_a_shard(tmp_path: Path) -> None:
    write_shard([], LEDGER, tmp_path / shard_name(0))
    assert is_shard(tmp_path / shard_name(0), LEDGER)
    assert list(iterate_rows(tmp_path)) == []


def test_what_is_no_shard_is_seen(tmp_path: Path) -> None:
    path = tmp_path / shard_name(0)
    assert not is_shard(path, SPEECH_FACES)
    write_shard([row(0)], SPEECH_FACES, path)
    assert is_shard(path, SPEECH_FACES)
    assert not is_shard(path, LEDGER)
    path.write_bytes(path.read_bytes()[:-100])
    assert not is_shard(path, SPEECH_FACES)


def test_shards_are_read_in_order(tmp_path: Path) -> None:
    for index in (10, 2, 0):
        write_shard([], LEDGER, tmp_path / shard_name(index))
    assert [path.name for path in shard_paths(tmp_path)] == [shard_name(0), shard_name(2), shard_name(10)]


def test_a_row_that_does_not_fit_the_schema_is_refused(tmp_path: Path) -> None:
    with pytest.raises((pa.ArrowInvalid, pa.ArrowTypeError, KeyError)):
        write_shard([{"id": 3}], LEDGER, tmp_path / shard_name(0))
    assert list(tmp_path.iterdir()) == []


def test_duckdb_reads_a_shard_as_it_is(tmp_path: Path) -> None:
    write_shard([row(0), row(1)], SPEECH_FACES, tmp_path / shard_name(0))
    query = f"SELECT count(*), max(len(spectrogram)), any_value(face.bytes) FROM '{tmp_path}/*.parquet'"
    assert duckdb.sql(query).fetchall() == [(2, int(np.prod(SPECTROGRAM_SHAPE)), b"jpeg")]
