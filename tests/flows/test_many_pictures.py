"""FFHQ's 70,000 pictures, planned by the real command in seconds, and in less memory than they have bytes.

Run with -s for how long each took.
"""

import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from s2f.faces.images import encode_jpeg

PICTURES, PICTURE_BYTES = 70_000, 10_000
MOST_BYTES = 600_000_000  # of memory
MOST_S = 90.0  # of a plan that takes ten seconds on two cores with nothing else to do
BATCH = 1000


@pytest.fixture(scope="module")
def picture(face):
    """A function that gives picture number so and so: all of one face, no two of the same bytes."""
    content = encode_jpeg(face(1, size=64))
    return lambda number: content.ljust(PICTURE_BYTES - 8, b"\0") + b"%08d" % number


def write_zip(folder, picture):
    with zipfile.ZipFile(folder / "pictures.zip", "w") as archive:
        for number in range(PICTURES):
            archive.writestr(f"{number // BATCH:02d}/{number:05d}.jpg", picture(number))
    return folder / "pictures.zip"


def write_parquet(folder, picture):
    kind = pa.schema([("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())]))])
    with pq.ParquetWriter(folder / "pictures.parquet", kind, compression="none", use_dictionary=False) as writer:
        for first in range(0, PICTURES, BATCH):
            rows = [{"bytes": picture(one), "path": f"{one:05d}.jpg"} for one in range(first, first + BATCH)]
            writer.write_table(pa.table({"image": rows}, kind))
    return folder / "pictures.parquet"


@pytest.mark.parametrize("write", [write_zip, write_parquet])
def test_a_source_as_large_as_ffhq_is_planned_in_seconds_and_as_a_stream(
    tmp_path, picture, write, write_params, measured
):
    source = write(tmp_path, picture)
    assert source.stat().st_size > MOST_BYTES
    params = write_params(pictures=f"{source}", shard_pictures=200)
    words = "--dataset", "portraits", "--data", tmp_path / "data", "--params", params
    for what in ("read", "known by digests"):
        seconds, peak, said = measured("s2f.cli.main", "corpus", "plan", *words)
        print(f"\n{source.name}, {what}: {seconds:.1f} s, {peak / 1e6:.0f} MB")
        assert f"{PICTURES:,} rows" in said
        assert (seconds < MOST_S, peak < MOST_BYTES) == (True, True)
