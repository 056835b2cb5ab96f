"""Whatever bytes a clip list holds, every line of it is a clip, a bad row, or a clip again; none is lost."""

import random
import re
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s2f.corpus.cliplist import TRIED_ROWS, BadRow, Clip, read_clip_list
from s2f.runtime import InputError

FUZZ = settings(
    derandomize=True, database=None, deadline=None, max_examples=300, suppress_health_check=list(HealthCheck)
)
FIRST = "first000000,0,5,0.5,0.5\n"  # tells the columns, whatever follows

cell = st.one_of(
    st.sampled_from(
        ["abc", "-1nRm4tQL0A", "0", "5", "5.2", "-1", "nan", "inf", "1e999", "1_0", "0x1", "٣", "", " ", '"']
    ),
    st.sampled_from(["../../etc/passwd", "--exec=x", "\0", "\x1a", "\u2028", "\x85", "x" * 5000, "9" * 400, "=1+1"]),
    st.floats(0, 9).map(str),
    st.text(max_size=12),
)
row = st.one_of(
    st.lists(cell, max_size=8).map(",".join),
    st.tuples(st.sampled_from("abcd"), st.integers(0, 3), st.integers(3, 6)).map(lambda one: "{},{},{}".format(*one)),
)
rows = st.lists(row, max_size=25)


def read(folder, content, **options):
    path = folder / "clips.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))
    return list(read_clip_list(path, **options))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("lists")


@FUZZ
@given(content=st.one_of(st.binary(max_size=400), rows.map("\n".join)), max_clips=st.sampled_from([None, 1, 7]))
def test_any_bytes_are_clips_and_bad_rows_or_one_sentence(folder, content, max_clips):
    try:
        found = read(folder, content, max_clips=max_clips)
    except InputError as error:
        assert "\n" not in str(error) and len(str(error)) < 500
        return
    assert found and len({one.id for one in found}) == len(found)
    for one in found:
        assert isinstance(one, Clip | BadRow)
        assert 0 < len(one.id.encode()) < 100
        if isinstance(one, Clip):
            assert re.fullmatch(r"[\w.-]+_\d{8,}", one.id, re.ASCII)
            assert 0 <= one.start_s < one.end_s <= 1e6
        else:
            assert len(one.message.encode()) < 600


@FUZZ
@given(listed=rows)
def test_every_line_is_accounted_for_in_its_place(folder, listed):
    lines = re.split("\r\n|\r|\n", "\n".join(listed).encode("utf-8", "replace").decode())
    if re.search("[^,]{4000}", "\n".join(listed)):
        return  # how a line is cut is told elsewhere
    expected, seen = [], {}
    for number, line in enumerate(lines, start=2):
        if not line.strip():
            continue
        alone = read(folder, FIRST + line)[1:]
        if alone and isinstance(alone[0], Clip):
            first = seen.setdefault(alone[0].id, alone[0])
            if first is alone[0]:
                expected.append(first)
                continue
            if first == alone[0]:
                continue
        elif not alone:
            continue  # the first line again
        expected.append(f"clips.csv:{number}")
    found = read(folder, FIRST + "\n".join(listed))[1:]
    assert [one if isinstance(one, Clip) else one.id for one in found] == expected


@FUZZ
@given(seed=st.integers(0, 2**32))
def test_a_list_in_which_any_bytes_were_changed_loses_no_other_line(folder, seed):
    dice = random.Random(seed)
    lines = [f"video{number:06d},{number},{number + 5},0.5,0.25" for number in range(60)]
    hit = sorted(dice.sample(range(60), 5))
    changed = [bytearray(line.encode()) for line in lines]
    for number in hit:
        for _ in range(dice.randrange(1, 6)):
            changed[number][dice.randrange(len(changed[number]))] = dice.choice(b"\0\t ,;\"'x0.-\xff\xc3e")
    try:
        found = read(folder, b"\n".join(changed))
    except InputError:
        assert hit[0] == 0  # the first line was taken for a header, and nothing fits it
        return
    kept = {one.id for one in found if isinstance(one, Clip)}
    untouched = {f"video{number:06d}_{number * 1000:08d}" for number in range(60) if number not in hit}
    assert untouched <= kept
    assert len(found) == 60


@pytest.mark.parametrize("good", [0, TRIED_ROWS - 1, TRIED_ROWS])
def test_a_list_is_given_up_only_if_none_of_its_first_rows_can_be_read(folder, good):
    content = "broken\n" * good + FIRST + "broken\n" * 50
    if good == TRIED_ROWS:
        with pytest.raises(InputError):
            read(folder, content)
    else:
        assert len(read(folder, content)) == good + 51


MILLION = """
import resource, sys
from pathlib import Path
from s2f.corpus.cliplist import BadRow, read_clip_list

path = Path(sys.argv[1])
with path.open("w") as file:
    for number in range(1_000_000):
        broken = number % 97 == 0 and number > 0
        file.write("broken\\n" if broken else f"v{number:010d},{number % 500}.25,{number % 500 + 5}.5,0.125,0.25\\n")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
bad = clips = 0
for row in read_clip_list(path):
    bad += isinstance(row, BadRow)
    clips += not isinstance(row, BadRow)
print(clips, bad, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_million_rows_with_broken_ones_among_them_are_read_in_little_memory(tmp_path):
    command = [sys.executable, "-c", MILLION, str(tmp_path / "clips.csv")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    clips, bad, megabytes = map(int, done.stdout.split())
    assert (clips, bad) == (1_000_000 - 10_309, 10_309)
    assert megabytes < 300  # 170 were seen; twice as many were taken by keeping the clips


def test_a_line_of_a_hundred_megabytes_is_one_bad_row_and_never_in_memory(tmp_path):
    code = """
import resource, sys
from pathlib import Path
from s2f.corpus.cliplist import read_clip_list

path = Path(sys.argv[1])
with path.open("w") as file:
    file.write("a,0,5\\n")
    for _ in range(100):
        file.write("x" * 1_000_000)
    file.write("\\nb,0,5\\n")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(len(list(read_clip_list(path))), (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    command = [sys.executable, "-c", code, str(tmp_path / "clips.csv")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows, megabytes = map(int, done.stdout.split())
    assert rows == 3 and megabytes < 20
