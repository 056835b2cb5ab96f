import stat
import struct
import tracemalloc
import zipfile

import pytest

from s2f.corpus.pictures.archive_zip import ZipSource
from s2f.media.failures import Failure
from s2f.runtime import InputError


def write(path, members, **options):
    """A zip of (name or ZipInfo, content) pairs."""
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def listed(path):
    return {entry.name: entry.problem for entry in ZipSource(path).entries()}


def end(source, name):
    with pytest.raises(Failure) as caught:
        source.read(name)
    return caught.value


def patched(path, name, **fields):
    """The same zip with other values in the central directory's header of a member."""
    places = {"flags": (8, "<H"), "method": (10, "<H"), "size": (24, "<I"), "packed": (20, "<I"), "offset": (42, "<I")}
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02")
    while not content[at + 46 :].startswith(name.encode()):
        at = content.index(b"PK\x01\x02", at + 1)
    for field, value in fields.items():
        place, form = places[field]
        struct.pack_into(form, content, at + place, value)
    path.write_bytes(content)
    return path


def test_names_are_sorted_and_folders_and_other_files_left_out(tmp_path, caplog):
    caplog.set_level("INFO")
    names = ["b.png", "x/", "x/a.JPG", "notes.txt", "inner.zip", "inner.tar", "__MACOSX/._b.png", "x/._a.JPG", "a.png"]
    path = write(tmp_path / "a.zip", [(name, b"") for name in names])
    assert list(listed(path)) == ["a.png", "b.png", "x/a.JPG"]
    assert "3 files are left out, no pictures by their names" in caplog.text
    assert "2 files are left out, of macOS's own" in caplog.text


def test_members_of_one_name_are_both_counted_and_both_read(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = write(tmp_path / "a.zip", [("a.png", b"first"), ("b.png", b"b"), ("a.png", b"second")])
    source = ZipSource(path)
    assert {entry.name: source.read(entry.name) for entry in source.entries()} == {
        "a.png": b"first", "a.png#2": b"second", "b.png": b"b"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../../evil.png", "leads out"),
        ("/etc/evil.png", "leads out"),
        ("C:\\evil.png", "leads out"),
        ("..\\evil.png", "leads out"),
        ("x" * 2000 + ".png", "more than 1000 characters"),
    ],
)
def test_names_that_lead_out_of_the_archive_are_bad_rows(tmp_path, name, words):
    path = write(tmp_path / "a.zip", [(name, b"evil"), ("good.png", b"good")])
    [(_, problem), good] = sorted(listed(path).items(), key=lambda one: one[1] is None)
    assert words in problem and good == ("good.png", None)


def test_a_name_with_a_nul_is_no_shorter_name(tmp_path):
    path = write(tmp_path / "a.zip", [("good.png", b"good"), ("a.pngX.exe.png", b"evil")])
    path.write_bytes(path.read_bytes().replace(b"a.pngX.exe.png", b"a.png\0.exe.png"))
    assert listed(path) == {"a.png\\0.exe.png": "its name holds a NUL", "good.png": None}


def test_a_name_that_claims_to_be_utf8_and_is_not_is_one_sentence(tmp_path):
    path = write(tmp_path / "a.zip", [("ää.png", b"")])
    path.write_bytes(path.read_bytes().replace("ää".encode(), b"\xff\xfe\xff\xfe"))
    with pytest.raises(InputError, match="no zip that can be read"):
        ZipSource(path)


def test_windows_paths_are_paths(tmp_path):
    assert listed(write(tmp_path / "a.zip", [("x\\y\\a.png", b"")])) == {"x/y/a.png": None}


def test_links_are_bad_rows(tmp_path):
    link = zipfile.ZipInfo("link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = write(tmp_path / "a.zip", [(link, b"/etc/passwd"), ("a.png", b"")])
    assert listed(path) == {"a.png": None, "link.png": "a link in an archive"}


def test_encrypted_members_are_bad_rows(tmp_path):
    path = patched(write(tmp_path / "a.zip", [("a.png", b"a"), ("b.png", b"b")]), "a.png", flags=1)
    assert listed(path) == {"a.png": "encrypted; unpack it with its password, and pack it without", "b.png": None}


@pytest.mark.parametrize(("method", "number"), [(zipfile.ZIP_BZIP2, 12), (zipfile.ZIP_LZMA, 14)])
def test_other_compressions_are_bad_rows(tmp_path, method, number):
    path = write(tmp_path / "a.zip", [("a.png", b"a" * 99)], compression=method)
    assert listed(path)["a.png"].startswith(f"compressed by method {number};")


def test_an_archive_whose_sizes_stand_behind_its_members_is_read(tmp_path):
    class Stream:  # no seeking back: zipfile then writes data descriptors
        def __init__(self, file):
            self.write, self.flush = file.write, file.flush

    with (tmp_path / "a.zip").open("wb") as file, zipfile.ZipFile(Stream(file), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", b"abc" * 99)
    assert ZipSource(tmp_path / "a.zip").read("a.png") == b"abc" * 99


def test_zip64_is_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        with archive.open("a.png", "w", force_zip64=True) as file:
            file.write(b"abc" * 99)
        for number in range(66_000):  # more than the old format counts
            archive.writestr(f"{number}.txt", b"")
    source = ZipSource(tmp_path / "a.zip")
    assert [entry.name for entry in source.entries()] == ["a.png"]
    assert source.read("a.png") == b"abc" * 99


def test_a_member_that_unpacks_to_more_than_a_picture_is_not_unpacked(tmp_path):
    path = write(tmp_path / "a.zip", [("a.png", b"a")])
    source = ZipSource(patched(path, "a.png", size=2**28 + 1))
    assert end(source, "a.png").reason == "too_large"


def test_a_member_that_unpacks_to_more_than_it_says_is_not_unpacked(tmp_path):
    path = write(tmp_path / "a.zip", [("a.png", bytes(50_000_000))], compression=zipfile.ZIP_DEFLATED)
    source = ZipSource(patched(path, "a.png", size=1000))
    tracemalloc.start()
    assert end(source, "a.png").reason == "corrupt"
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("fields", [{"size": 70}, {"packed": 3}, {"method": 8}, {"offset": 40}])
def test_a_member_whose_header_lies_is_corrupt_and_the_others_are_read(tmp_path, fields):
    path = write(tmp_path / "a.zip", [("a.png", b"a" * 60), ("b.png", b"b")])
    source = ZipSource(patched(path, "a.png", **fields))
    failure = end(source, "a.png")
    assert (failure.reason, failure.message.startswith("a.png: ")) == ("corrupt", True)
    assert source.read("b.png") == b"b"


def test_a_flipped_bit_is_told_by_the_checksum(tmp_path):
    path = write(tmp_path / "a.zip", [("a.png", b"content")])
    path.write_bytes(path.read_bytes().replace(b"content", b"conteNt", 1))
    assert end(ZipSource(path), "a.png").reason == "corrupt"


def test_a_member_outside_the_archive_is_a_bad_row(tmp_path):
    path = write(tmp_path / "a.zip", [("a.png", b"a")])
    assert listed(patched(path, "a.png", offset=2**31)) == {"a.png": "lies outside the archive"}


def test_an_archive_that_is_cut_off_is_one_sentence(tmp_path):
    path = write(tmp_path / "a.zip", [(f"{number}.png", b"a" * 99) for number in range(9)])
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match=r"a\.zip is no zip that can be read"):
        ZipSource(path)
