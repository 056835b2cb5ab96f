import gc
import os
import shutil
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest

from s2f.corpus.labels import picture_labels
from s2f.corpus.pictures.opening import open_source
from s2f.media.failures import Failure
from s2f.runtime import InputError

KINDS = ("folder", "zip", "tar", "parquet", "shards")
CONTENTS = {f"{folder}/{number}.png": f"{folder}{number}".encode() * 99 for folder in "ab" for number in range(5)}


@pytest.fixture(params=KINDS)
def source(request, tmp_path, packed):
    return packed(request.param, tmp_path, CONTENTS)


def test_every_kind_of_source_names_and_gives_the_same_pictures(source):
    opened = open_source(source)
    entries = list(opened.entries())
    assert [(entry.name, entry.problem) for entry in entries] == [(name, None) for name in CONTENTS]
    assert {entry.name: opened.read(entry.name) for entry in entries} == CONTENTS
    assert {name: opened.read(name) for name in reversed(CONTENTS)} == CONTENTS


def test_a_name_that_was_never_listed_is_removed_and_reads_nothing(source):
    (source.parent / "secret.png").write_bytes(b"secret")
    for name in ("c.png", "../secret.png", str(source.parent / "secret.png"), "a", "", "a/0.png/x.png"):
        with pytest.raises(Failure) as caught:
            open_source(source).read(name)
        assert caught.value.reason in ("removed", "bad_row")


def test_threads_read_at_the_same_time_without_mixing_pictures(source):
    names = list(CONTENTS) * 40
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda name: open_source(source).read(name), names))
    assert found == [CONTENTS[name] for name in names]


def test_a_source_that_was_replaced_is_read_anew(source, tmp_path, packed):
    first = open_source(source)
    assert first.read("a/0.png") == CONTENTS["a/0.png"]
    shutil.rmtree(source) if source.is_dir() else source.unlink()
    kind = next(kind for kind in KINDS if kind in source.name or (kind == "folder" and source.name == "pictures"))
    packed(kind, tmp_path, CONTENTS | {"a/0.png": b"other", "c.png": b"new"})
    opened = open_source(source)
    assert opened.read("a/0.png") == b"other"
    assert [entry.name for entry in opened.entries()][-1] == "c.png"


def test_an_index_is_made_once_for_all_shards(tmp_path, packed):
    path = packed("tar", tmp_path, CONTENTS)
    assert open_source(path) is open_source(path)


def test_a_forked_worker_opens_its_own(tmp_path, packed):
    path = packed("zip", tmp_path, CONTENTS)
    opened = open_source(path)
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        os.write(write, b"1" if open_source(path) is not opened else b"0")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 1) == b"1"


def test_labels_lie_in_a_folder_or_beside_a_file(source):
    folder = source if source.is_dir() else source.parent
    assert open_source(source).labels() is None
    (folder / "labels.csv").write_text("path,age\na/0.png,30\n")
    file = open_source(source).labels()
    assert file.path == folder / "labels.csv"
    assert picture_labels(file)["a/0.png"].age == 30


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_labels_at_the_top_of_an_archive_are_read_unless_others_lie_beside_it(tmp_path, packed, kind):
    other = {"a/labels.csv": b"path,age\na/0.png,99\n"}
    source = packed(kind, tmp_path, CONTENTS | {"labels.csv": b"path,age\na/0.png,30\n"} | other)
    file = open_source(source).labels()
    assert (file.path, picture_labels(file)["a/0.png"].age) == (source / "labels.csv", 30)
    assert len(list(open_source(source).entries())) == len(CONTENTS)
    (tmp_path / "labels.csv").write_text("path,age\na/0.png,40\n")
    assert picture_labels(open_source(source).labels())["a/0.png"].age == 40


def test_a_folder_of_pictures_and_parquet_is_a_folder_of_pictures(tmp_path, packed):
    source = packed("shards", tmp_path, CONTENTS)
    (source / "data" / "z.png").write_bytes(b"picture")
    assert [entry.name for entry in open_source(source).entries()] == ["data/z.png"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("nowhere", None, "no such folder or file"),
        ("pictures.rar", b"Rar!", "a file of another kind"),
        ("pictures.png", b"\x89PNG", "a file of another kind"),
        ("pictures.zip", b"", "no zip"),
        ("pictures.zip", b"PK\x03\x04" + bytes(400), "no zip"),
        ("pictures.zip", b"\x1f\x8b" + bytes(400), "no zip"),
        ("pictures.tar", b"hello" * 200, "no tar"),
        ("pictures.tar", b"\x1f\x8b" + bytes(400), "gunzip"),
        ("pictures.tar.gz", b"\x1f\x8b" + bytes(400), "gunzip"),
        ("pictures.tgz", b"\x1f\x8b" + bytes(400), "gunzip"),
        ("pictures.tar.bz2", b"BZh9" + bytes(400), "bunzip2"),
        ("pictures.tar.xz", b"\xfd7zXZ\0" + bytes(400), "unxz"),
        ("pictures.tar.zst", b"\x28\xb5\x2f\xfd" + bytes(400), "unzstd"),
        ("pictures.parquet", b"PAR1" + bytes(400), "no Parquet"),
        ("pictures.parquet", b"", "no Parquet"),
    ],
)
def test_what_is_no_source_is_refused_in_one_sentence(tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=r"^portraits\.source: .*" + words) as caught:
        open_source(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_pipe_is_no_source(tmp_path):
    os.mkfifo(tmp_path / "pictures.zip")
    with pytest.raises(InputError, match="no such folder or file"):
        open_source(tmp_path / "pictures.zip")


@pytest.mark.parametrize("kind", KINDS)
def test_reading_keeps_no_content(tmp_path, packed, kind):
    source = packed(kind, tmp_path, {f"{number:03d}.png": bytes([number]) * 100_000 for number in range(100)})
    opened = open_source(source)
    opened.read("000.png")  # what is imported by the first is no content
    gc.collect()
    tracemalloc.start()
    for entry in opened.entries():
        opened.read(entry.name)
    kept, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 500_000 and most < 1_500_000  # of ten million
