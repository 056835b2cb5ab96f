import io
import os
import tarfile
import tracemalloc

import pytest

from s2f.corpus.pictures import archive_tar as module
from s2f.corpus.pictures.archive_tar import TarSource
from s2f.media.failures import Failure
from s2f.runtime import InputError

FORMATS = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)


def listed(path):
    return {entry.name: entry.problem for entry in TarSource(path).entries()}


def end(path, name):
    with pytest.raises(Failure) as caught:
        TarSource(path).read(name)
    return caught.value


@pytest.fixture
def tar(tmp_path, added):
    """A function that writes members (name, content, fields of TarInfo), and returns the archive's path."""

    def write(*members, form=tarfile.PAX_FORMAT):
        with tarfile.open(tmp_path / "a.tar", "w", format=form) as archive:
            for name, content, *fields in members:
                added(archive, name, content, **(fields[0] if fields else {}))
        return tmp_path / "a.tar"

    return write


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_of_tar_is_read_with_short_and_long_names(tar, form):
    long = f"{'x' * 90}/{'y' * 90}.png"
    contents = {"./b.png": b"b" * 5000, long: b"long", "a/ä.png": b"", "a/c.JPG": b"c" * 512, "notes.txt": b"n" * 9}
    path = tar(*contents.items(), form=form)
    source = TarSource(path)
    found = {entry.name: source.read(entry.name) for entry in source.entries()}
    expected = {name.removeprefix("./"): content for name, content in contents.items() if name != "notes.txt"}
    assert list(found) == sorted(expected) and found == expected


def test_the_index_is_that_of_the_library(tar):
    path = tar(*((f"{number % 7}/{'n' * number}.png", bytes(number * 37)) for number in range(1, 120)))
    with tarfile.open(path) as archive:
        expected = {member.name: archive.extractfile(member).read() for member in archive}
    source = TarSource(path)
    assert {entry.name: source.read(entry.name) for entry in source.entries()} == expected


def test_members_of_one_name_are_both_counted_and_both_read(tar):
    path = tar(("a.png", b"first"), ("a.png", b"second"))
    assert list(listed(path)) == ["a.png", "a.png#2"]
    assert [TarSource(path).read(name) for name in listed(path)] == [b"first", b"second"]


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        (tarfile.SYMTYPE, "a link in an archive"),
        (tarfile.LNKTYPE, "a link in an archive"),
        (tarfile.CHRTYPE, module.NO_FILE),
        (tarfile.BLKTYPE, module.NO_FILE),
        (tarfile.FIFOTYPE, module.NO_FILE),
        (b"M", module.NO_FILE),
        (tarfile.GNUTYPE_SPARSE, "a sparse file; pack it without --sparse"),
    ],
)
def test_what_is_no_file_is_a_bad_row(tar, kind, problem):
    path = tar(("a.png", b"", {"type": kind, "linkname": "/etc/passwd"}), ("b.png", b"b"))
    assert listed(path) == {"a.png": problem, "b.png": None}
    assert TarSource(path).read("b.png") == b"b"


def test_a_sparse_file_in_pax_records_is_a_bad_row_under_its_own_name(tar):
    records = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "a.png"}
    path = tar(("GNUSparseFile.1/a.png", b"0\n", {"pax_headers": records}), ("b.png", b"b"))
    assert listed(path) == {"a.png": "a sparse file; pack it without --sparse", "b.png": None}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../evil.png", "leads out"),
        ("/etc/evil.png", "leads out"),
        ("a/../../evil.png", "leads out"),
        ("a\udce9.png", "UTF-8"),
        ("x" * 2000 + ".png", "more than 1000 characters"),
    ],
)
def test_names_that_lead_out_of_the_archive_are_bad_rows(tar, name, words):
    path = tar((name, b"evil"), ("good.png", b"good"))
    [(shown, problem), good] = sorted(listed(path).items(), key=lambda one: one[1] is None)
    assert words in problem and good == ("good.png", None)
    shown.encode()


def test_a_nul_within_pax_records_is_a_bad_row(tar):
    assert listed(tar(("x.png", b"", {"pax_headers": {"path": "a\0b.png"}}))) == {"a\\0b.png": "its name holds a NUL"}


def test_a_member_beyond_the_archives_end_is_corrupt_and_the_others_are_read(tar):
    path = tar(("a.png", b"a" * 600), ("b.png", b"b" * 5000))
    os.truncate(path, 4 * 512 + 700)
    assert listed(path) == {"a.png": None, "b.png": None}
    assert TarSource(path).read("a.png") == b"a" * 600
    assert end(path, "b.png").reason == "corrupt"
    assert end(path, "b.png").message == "b.png: a.tar ends after 700 of its 5000 bytes"


def test_damage_between_members_is_a_row_of_its_own(tar):
    path = tar(*((f"{number}.png", bytes(512)) for number in range(5)))
    content = bytearray(path.read_bytes())
    content[2 * 1024 + 100] ^= 1
    path.write_bytes(content)
    assert listed(path) == {
        "0.png": None, "1.png": None,
        "a.tar at byte 2048": "the archive is damaged here (bad checksum); what follows cannot be found",
    }  # fmt: skip


def header(name, size, kind=tarfile.REGTYPE):
    """A header of any size, with a true checksum; GNU's form takes negative ones."""
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


def test_a_negative_size_does_not_run_in_circles(tmp_path):
    path = tmp_path / "a.tar"
    path.write_bytes(header("a.png", 0) + header("b.png", -1024) + bytes(1024))
    assert "a negative size" in listed(path)["a.tar at byte 512"]


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE])
def test_a_header_of_gigabytes_is_not_read(tmp_path, kind):
    path = tmp_path / "a.tar"
    path.write_bytes(header("a.png", 0) + header("x", 2**33, kind))
    with path.open("ab") as file:
        file.truncate(2**33 + 4096)  # a file with a hole: it takes no room
    assert "a header of 8,589,934,592 bytes" in listed(path)["a.tar at byte 512"]


def test_a_member_larger_than_any_picture_is_not_read(tmp_path):
    path = tmp_path / "a.tar"
    path.write_bytes(header("a.png", 2**40) + bytes(512))
    assert end(path, "a.png").reason == "too_large"


@pytest.mark.parametrize(
    ("record", "where", "words"),
    [
        (b"99 path=a.png\n", 512, "a record of the wrong length"),
        (b"3 path=a.png\n", 512, "a record of the wrong length"),
        (b"0 path=a.png\n", 512, "a record of the wrong length"),
        (b"11 size=-5\n", 1536, "a negative size"),
        (b"11 size=ab\n", 1536, "invalid literal"),
    ],
)
def test_records_that_cannot_be_right_are_damage(tmp_path, record, where, words):
    path = tmp_path / "a.tar"
    blocks = header("x", len(record), tarfile.XHDTYPE) + record.ljust(512, b"\0") + header("b.png", 0)
    path.write_bytes(header("a.png", 0) + blocks + bytes(1024))
    found = listed(path)
    assert list(found) == ["a.png", f"a.tar at byte {where}"]
    assert words in found[f"a.tar at byte {where}"]


def test_what_a_tool_says_of_all_members_is_left_out(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w", pax_headers={"comment": "x" * 3000}) as archive:
        info = tarfile.TarInfo("a.png")
        info.size = 1
        archive.addfile(info, io.BytesIO(b"a"))
    assert listed(tmp_path / "a.tar") == {"a.png": None}


def test_records_that_no_member_follows_are_not_kept(tmp_path):
    records = b"".join(b"%d k%07d=%s\n" % (1013, number, b"x" * 998) for number in range(900))
    block = header("x", len(records), tarfile.XHDTYPE) + records.ljust(-(-len(records) // 512) * 512, b"\0")
    (tmp_path / "a.tar").write_bytes(header("a.png", 0) + block * 20 + header("b.png", 0) + bytes(1024))
    tracemalloc.start()
    assert listed(tmp_path / "a.tar") == {"a.png": None, "b.png": None}
    assert tracemalloc.get_traced_memory()[1] < 4_000_000  # of eighteen
    tracemalloc.stop()


def test_more_members_than_can_be_planned_are_one_sentence(tar, monkeypatch):
    monkeypatch.setattr("s2f.corpus.pictures.source.MOST_PICTURES", 3)
    with pytest.raises(InputError, match="more than 3 pictures; divide it"):
        TarSource(tar(*((f"{number}.txt", b"") for number in range(9))))
