import pytest

from s2f.media.formats import FILE, MANY, Formats
from s2f.runtime import TryAgainLater


def lacking(formats, *numbers):
    for number in numbers:
        formats.lacking(f"v{number}", "Requested format is not available")


def test_a_long_row_without_a_format_ends_the_build(tmp_path):
    formats = Formats(tmp_path)
    lacking(formats, *range(MANY - 1), 0, 1)  # the same ones again are not more
    with pytest.raises(TryAgainLater, match=r"25 videos in a row .*Requested format.*pip install -U 'yt-dlp.*retry"):
        lacking(formats, MANY)
    with pytest.raises(TryAgainLater):  # and whoever was asking meanwhile
        lacking(formats, MANY + 1)


def test_a_video_that_has_one_in_between_says_that_it_is_they(tmp_path):
    formats = Formats(tmp_path)
    for start in range(0, 10 * MANY, MANY - 1):
        lacking(formats, *range(start, start + MANY - 1))
        formats.found()
    assert not (tmp_path / FILE).exists()


def test_the_next_run_takes_those_that_ended_one_as_they_are_and_no_others(tmp_path):
    with pytest.raises(TryAgainLater):
        lacking(Formats(tmp_path), *range(MANY))
    again = Formats(tmp_path)
    lacking(again, *range(MANY), *range(MANY, 2 * MANY - 1))
    with pytest.raises(TryAgainLater):
        lacking(again, 2 * MANY)
    lacking(Formats(tmp_path), *range(2 * MANY - 1), 2 * MANY)


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"[1]"])
def test_a_broken_file_stops_nobody(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    lacking(Formats(tmp_path), *range(MANY - 1))
