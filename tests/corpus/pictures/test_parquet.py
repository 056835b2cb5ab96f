import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from s2f.corpus.pictures import parquet as module
from s2f.corpus.pictures import parquet_file
from s2f.corpus.pictures.opening import open_source
from s2f.media.failures import Failure
from s2f.runtime import InputError

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def write(path, columns, group=100, **options):
    pq.write_table(pa.table(columns), path, row_group_size=group, **options)
    return path


def listed(path):
    return {entry.name: entry.problem for entry in open_source(path).entries()}


def end(path, name):
    with pytest.raises(Failure) as caught:
        open_source(path).read(name)
    return caught.value


def test_a_struct_without_names_and_a_plain_column_are_named_by_file_and_row(tmp_path):
    for kind in (pa.binary(), pa.large_binary()):
        path = write(tmp_path / "train.parquet", {"x": [1, 2], "pixels": pa.array([b"a", b"b"], kind)})
        assert list(listed(path)) == ["train.parquet#0", "train.parquet#1"]
        assert open_source(path).read("train.parquet#1") == b"b"
    path = write(tmp_path / "train.parquet", {"any": pa.array([{"bytes": b"a"}, {"bytes": b"b"}])})
    assert open_source(path).read("train.parquet#0") == b"a"


def test_rows_without_a_name_are_numbered_and_names_that_come_again_too(tmp_path):
    rows = [(b"0", "a.png"), (b"1", None), (b"2", "a.png"), (b"3", ""), (b"4", "b")]
    images = pa.array([{"bytes": content, "path": name} for content, name in rows], IMAGE)
    path = write(tmp_path / "t.parquet", {"image": images}, group=2)
    source = open_source(path)
    assert {entry.name: source.read(entry.name) for entry in source.entries()} == {
        "a.png": b"0", "t.parquet#1": b"1", "a.png#2": b"2", "t.parquet#3": b"3", "b": b"4"
    }  # fmt: skip


def test_rows_without_bytes_are_bad_rows(tmp_path):
    images = pa.array([{"bytes": None, "path": "a.png"}, None, {"bytes": b"", "path": "c.png"}], IMAGE)
    path = write(tmp_path / "t.parquet", {"image": images})
    assert (end(path, "a.png").reason, end(path, "a.png").message) == ("bad_row", "a.png: its row holds no bytes")
    assert end(path, "t.parquet#1").reason == "bad_row"
    assert open_source(path).read("c.png") == b""


@pytest.mark.parametrize("name", ["image", "img", "Picture", "face", "jpg", "png", "bytes"])
def test_of_several_columns_the_one_that_is_called_like_pictures_is_taken(tmp_path, name):
    path = write(tmp_path / "t.parquet", {"audio": [b"sound"], name: [b"picture"], "raw": [b"?"]})
    assert open_source(path).read("t.parquet#0") == b"picture"


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"a": [1], "b": ["x"]}, r"no column of pictures; .* found: a \(int64\), b \(string\)"),
        ({"a": [b"1"], "b": [b"2"]}, r"several columns .* found: a \(binary\), b \(binary\)"),
        ({"image": ["a.png"]}, r"no column of pictures; .* found: image \(string\)"),
        ({"image": [{"path": "a.png"}]}, "no column of pictures"),
        ({"image": [[b"a"]]}, "no column of pictures"),
    ],
)
def test_a_file_without_a_column_of_pictures_is_refused_and_its_columns_are_named(tmp_path, columns, words):
    with pytest.raises(InputError, match=words):
        open_source(write(tmp_path / "t.parquet", columns))


def test_a_row_group_is_unpacked_once_by_who_reads_its_rows_in_order(tmp_path, monkeypatch):
    path = write(tmp_path / "t.parquet", {"image": [bytes([number]) for number in range(90)]}, group=30)
    opened = []
    values = module.values
    monkeypatch.setattr(module, "values", lambda *place: opened.extend(place[2]) or values(*place))
    source = open_source(path)
    names = [entry.name for entry in source.entries()]
    assert [source.read(name)[0] for name in names[::2]] == list(range(0, 90, 2))
    assert opened == [0, 1, 2]


def test_pictures_larger_than_any_are_not_copied(tmp_path, monkeypatch):
    monkeypatch.setattr("s2f.corpus.pictures.source.MOST_BYTES", 5)
    path = write(tmp_path / "t.parquet", {"image": [b"123456", b"12345"]})
    assert end(path, "t.parquet#0").reason == "too_large"
    assert open_source(path).read("t.parquet#1") == b"12345"


def test_one_picture_stored_once_for_many_rows_is_not_unpacked_for_all_of_them(tmp_path):
    images = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int32()), pa.array([bytes(1_000_000)]))
    path = write(tmp_path / "t.parquet", {"image": images}, group=20_000, store_schema=False)
    assert path.stat().st_size < 2_000_000  # of twenty gigabytes
    source, before = open_source(path), pa.total_allocated_bytes()
    assert len(source.read("t.parquet#0")) == len(source.read("t.parquet#19999")) == 1_000_000
    assert pa.total_allocated_bytes() - before < 50_000_000


def test_row_groups_too_large_to_be_unpacked_are_refused_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_file, "MOST_GROUP_BYTES", 1000)
    with pytest.raises(InputError, match=r"allowed: 1,000; write it with a hundred rows to a group"):
        open_source(write(tmp_path / "t.parquet", {"image": [bytes(1500)]}))


def test_a_name_of_megabytes_stored_once_for_many_rows_is_cut_and_not_unpacked_for_all_of_them(tmp_path):
    names = pa.DictionaryArray.from_arrays(pa.array([0] * 300, pa.int32()), pa.array(["x" * 5_000_000]))
    images = pa.StructArray.from_arrays([pa.array([b"a"] * 300), names], ["bytes", "path"])
    path = write(tmp_path / "t.parquet", {"image": images}, group=300, store_schema=False)
    found = listed(path)
    assert len(found) == 300 and max(map(len, found)) < 1010
    assert set(found.values()) == {"its name has more than 1000 characters"}


def test_statistics_that_do_not_fit_do_not_end_the_process(tmp_path):
    """The library ends the process where its own wrapper is asked for a damaged column's metadata."""
    images = pa.array([{"bytes": b"abc", "path": "a.png"}] * 3)
    path = write(tmp_path / "t.parquet", {"image": images})
    whole = path.read_bytes()
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    code = f"""
import sys
from pathlib import Path
from s2f.corpus.pictures.parquet import ParquetSource
from s2f.runtime import InputError
path = Path(sys.argv[1])
whole = path.read_bytes()
for at in range({footer}, len(whole) - 8):
    for bit in (1, 2, 16):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
        try:
            ParquetSource(path, [path])
        except InputError:
            pass
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", code, str(path)], check=True)


def test_damage_ends_the_pictures_of_its_row_group_alone(tmp_path):
    contents = [bytes([number]) * 3000 for number in range(40)]
    path = write(tmp_path / "t.parquet", {"image": contents}, group=10, compression="snappy", use_dictionary=False)
    chunk = pq.ParquetFile(path).metadata.row_group(1).column(0)
    content = bytearray(path.read_bytes())
    content[chunk.data_page_offset : chunk.data_page_offset + 200] = b"\xff" * 200
    path.write_bytes(content)
    source = open_source(path)
    ends = []
    for number in range(40):
        try:
            ends.append(source.read(f"t.parquet#{number}") == contents[number])
        except Failure as failure:
            ends.append(failure.reason)
    assert ends == [True] * 10 + ["corrupt"] * 10 + [True] * 20


def test_shards_are_taken_by_name_from_a_whole_tree_and_one_that_is_none_is_named(tmp_path):
    for name in ("b/1.parquet", "a/2.parquet", "a/._2.parquet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write(tmp_path / name, {"image": [name.encode()]})
    assert list(listed(tmp_path)) == ["2.parquet#0", "1.parquet#0"]
    (tmp_path / "c.parquet").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(InputError, match=r"c\.parquet is no Parquet that can be read"):
        open_source(tmp_path)


def test_a_shard_that_is_a_link_out_of_the_folder_is_refused(tmp_path):
    write(tmp_path / "real.parquet", {"image": [b"a"]})
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards" / "a.parquet").symlink_to("../real.parquet")
    with pytest.raises(InputError, match=r"a\.parquet is a link that leads out of the folder"):
        open_source(tmp_path / "shards")


def test_more_rows_than_can_be_planned_are_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr("s2f.corpus.pictures.source.MOST_PICTURES", 3)
    with pytest.raises(InputError, match="more than 3 pictures; divide it"):
        open_source(write(tmp_path / "t.parquet", {"image": [b"a"] * 4}))
