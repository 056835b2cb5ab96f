import os

import pytest

from s2f.corpus.cliplist import BadRow, Clip, read_clip_list
from s2f.runtime import InputError

FIRST, SECOND = Clip("-1nRm4tQL0A", 0.0, 5.2, 0.5, 0.25), Clip("BrCcDt6GNkk", 281.333333, 284.466667, 0.55, 0.244444)
ROWS = "-1nRm4tQL0A,0,5.2,0.5,0.25\nBrCcDt6GNkk,281.333333,284.466667,0.55,0.244444\n"


def read(tmp_path, content, **options):
    path = tmp_path / "clips.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_clip_list(path, **options))


@pytest.mark.parametrize(
    "content",
    [
        ROWS,
        ROWS.rstrip("\n"),
        "\ufeff" + ROWS.replace("\n", "\r\n"),
        "youtube_id,start,end,x,y\n" + ROWS,
        ",id,start,end,x,y\n0," + ROWS.replace("\nB", "\n1,B"),
        "0," + ROWS.replace("\nB", "\n1,B"),
        "\n\n" + ROWS.replace("\n", "\n\n"),
        '"-1nRm4tQL0A","0","5.2","0.5","0.25"\n' + ROWS.splitlines()[1],
        "x,y,end,start,video_id\n0.5,0.25,5.2,0,-1nRm4tQL0A\n0.55,0.244444,284.466667,281.333333,BrCcDt6GNkk",
    ],
)
def test_every_shape_of_a_list_reads_the_same(tmp_path, content):
    assert read(tmp_path, content) == [FIRST, SECOND]


def test_a_clip_is_named_by_video_and_milliseconds():
    assert (FIRST.id, SECOND.id) == ("-1nRm4tQL0A_00000000", "BrCcDt6GNkk_00281333")


def test_a_list_without_centres_has_none(tmp_path):
    assert read(tmp_path, "id,start,end\n-1nRm4tQL0A,0,5.2\n") == [Clip("-1nRm4tQL0A", 0.0, 5.2)]


def test_duplicates_are_read_once(tmp_path):
    assert read(tmp_path, ROWS + ROWS) == [FIRST, SECOND]


@pytest.mark.parametrize("other", ["0,4.8,0.5,0.25", "0,5.2,0.6,0.25", "0,5.2", "0.0001,5.2,0.5,0.25"])
def test_a_row_that_says_otherwise_of_a_clip_is_a_bad_row_that_names_the_first(tmp_path, other):
    found = read(tmp_path, f"{ROWS}\n-1nRm4tQL0A,{other}\n")
    assert found[:2] == [FIRST, SECOND]
    assert found[2:] == [BadRow("clips.csv:4", "the clip of line 1 again, with another end or face centre")]


def test_a_list_whose_name_is_no_text_has_bad_rows_that_a_ledger_can_hold(tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.csv")
    path.write_text(f"{ROWS}abc\n")
    assert list(read_clip_list(path))[2].id == r"caf\udce9.csv:3"


def test_the_first_rows_are_the_first_rows(tmp_path):
    assert read(tmp_path, "id,start,end,x,y\n" + ROWS, max_clips=1) == [FIRST]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("../../etc/passwd,0,5,0.5,0.5", "id"),
        ("--exec=rm,0,5,0.5,0.5", "id"),
        ("abc", "no start, end"),
        ("abc,5,5,0.5,0.5", "start < end"),
        ("abc,-1,5,0.5,0.5", "start < end"),
        ("abc,0,nan,0.5,0.5", "no time"),
        ("abc,0,1e300,0.5,0.5", "no time"),
        ("abc,zero,5,0.5,0.5", "not a number"),
        ("abc,0,5,1.5,0.5", "centre"),
        ("abc\0,0,5,0.5,0.5", "id"),
        ("x" * 100_000, "no start"),
        ("abc," + "1" * 100_000, "no end"),
    ],
)
def test_a_broken_row_is_an_item_with_its_line_and_why(tmp_path, row, words):
    found = read(tmp_path, ROWS + row + "\n" + ROWS.replace("-1nR", "x").replace("BrC", "y"))
    assert [type(one) for one in found] == [Clip, Clip, BadRow, Clip, Clip]
    assert found[2].id == "clips.csv:3"
    assert words in found[2].message
    assert len(found[2].message) < 300


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"id,start,end\n", b"\x00\xff" * 500, b"<html>\n" * 20, b'{"a": 1}\n']
)
def test_what_is_no_list_is_refused_in_one_sentence(tmp_path, content):
    with pytest.raises(InputError, match=r"clips.csv.*youtube_id,start,end,x,y"):
        read(tmp_path, content)


@pytest.mark.parametrize("max_clips", [1, 3, 9, 10, 30])
def test_what_is_no_list_is_refused_however_few_rows_are_asked_for(tmp_path, max_clips):
    with pytest.raises(InputError, match=r"clips.csv.*youtube_id,start,end,x,y"):
        read(tmp_path, "<html>\n" * 20, max_clips=max_clips)


def test_a_missing_list_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere.csv: no such file"):
        list(read_clip_list(tmp_path / "nowhere.csv"))
