import shutil
import subprocess
import sys
import threading

import pytest

from s2f.media.failures import REASONS, Failure, Kind
from s2f.media.fetch import Fetched
from s2f.media.store import Store

NO_FILES = b'{"asked": "720 url", "spans": [[0.0, 3.0]], "attempts": 1}'


class Host:
    """Counts what is asked of it; answers with a file, or by a reason."""

    def __init__(self, reason=None, whole=False):
        self.reason, self.whole, self.asked = reason, whole, 0

    def __call__(self, folder, spans):
        self.asked += 1
        self.spans = spans
        (folder / "try").mkdir()
        (folder / "try" / "picture").write_bytes(b"film")
        if self.reason:
            raise Failure(self.reason, "words", 3)
        return Fetched(folder / "try" / "picture", folder / "try" / "picture", 4, self.whole), 2


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "media")


def end(store, host, video="v", asked="720 url", by="me", spans=((0.0, 3.0),)):
    try:
        fetched, attempts = store.get(video, asked, by, spans, host)
    except Failure as failure:
        return failure.reason, failure.message, failure.attempts
    return fetched.picture.read_bytes(), fetched.sound.read_bytes(), fetched.fetched_bytes, attempts


def test_a_video_is_asked_for_once_by_whatever_process(store, tmp_path):
    host = Host()
    assert end(store, host) == end(Store(tmp_path / "media"), host) == (b"film", b"film", 4, 2)
    assert host.asked == 1
    assert not list((tmp_path / "media").rglob("*.part"))


@pytest.mark.parametrize("reason", REASONS)
def test_a_last_word_is_kept_and_what_may_yet_come_is_not(store, tmp_path, reason):
    host = Host(reason)
    assert end(store, host) == end(store, host) == (reason, "words", 3)
    last = REASONS[reason].kind is Kind.PERMANENT and reason != "no_format"  # which another yt-dlp may find
    assert host.asked == (1 if last else 2)
    assert not list((tmp_path / "media").rglob("picture")) or last


def test_other_parts_or_another_height_are_another_question(store):
    host = Host()
    questions = [("720", [(0, 3), (9, 12)], 1), ("720", [(9, 12)], 1), ("720", [(20, 23)], 2), ("360", [(20, 23)], 3)]
    for asked, spans, times in questions:
        end(store, host, asked=asked, spans=spans)
        assert host.asked == times


def test_what_another_build_needs_of_it_is_fetched_along(store):
    host = Host()
    for spans in ([(9.0, 12.0)], [(0.0, 3.0)]):
        end(store, host, spans=spans)
    assert host.spans == [(0.0, 3.0), (9.0, 12.0)]
    end(store, host, asked="360 url", spans=[(4.0, 5.0)])
    assert host.spans == [(4.0, 5.0)]


def test_a_hosts_last_word_takes_no_place_of_what_was_fetched_before(store):
    host, gone = Host(), Host("removed")
    end(store, host, spans=[(0.0, 3.0)])
    for _ in range(2):
        assert end(store, gone, spans=[(9.0, 12.0)]) == ("removed", "words", 3)
        assert end(store, gone, spans=[(0.0, 3.0)])[0] == b"film"
    assert (host.asked, gone.asked) == (1, 1)
    assert not list(store.folder.rglob("*.part"))


def test_a_last_word_beside_what_was_fetched_before_is_his_who_asked_and_of_what_he_asked(store):
    host, gone = Host(), Host("age_restricted")
    end(store, host, spans=[(0.0, 3.0)])
    end(store, gone, spans=[(9.0, 12.0)])
    for times, spans, by in ((2, (20.0, 23.0), "me"), (3, (9.0, 12.0), "another")):
        assert end(store, gone, spans=[spans], by=by)[0] == "age_restricted"
        assert gone.asked == times
    assert end(store, host, spans=[(9.0, 12.0)], by="a third")[0] == b"film"  # and its word is forgotten
    assert end(store, gone, spans=[(9.0, 12.0)])[0] == b"film"
    assert host.spans == [(0.0, 3.0), (9.0, 12.0)]


def test_a_whole_video_answers_for_any_part_of_it(store):
    host = Host(whole=True)
    assert end(store, host) == end(store, host, spans=((100.0, 103.0), (7.0, 9.0)))
    assert host.asked == 1
    end(store, host, asked="360 url")
    assert host.asked == 2


@pytest.mark.parametrize(("reason", "times"), [(None, 1), ("age_restricted", 2)])
def test_a_video_is_anybodys_and_a_refusal_is_his_who_asked(store, reason, times):
    host = Host(reason)
    assert end(store, host) == end(store, host, by="another") == end(store, host, by="another")
    assert host.asked == times


def test_what_was_forgotten_is_asked_for_again(store):
    host = Host()
    end(store, host)
    assert store.forget("v") and not store.forget("v")
    end(store, host)
    assert host.asked == 2


def test_a_kill_while_it_is_forgotten_leaves_no_note_of_files_that_are_gone(store, monkeypatch):
    def killed(folder, **options):
        next(folder.rglob("picture")).unlink()
        raise KeyboardInterrupt

    host = Host()
    end(store, host)
    with monkeypatch.context() as kill, pytest.raises(KeyboardInterrupt):
        kill.setattr("s2f.media.store.shutil.rmtree", killed)
        store.forget("v")
    assert end(store, host)[0] == b"film" and host.asked == 2


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"asked": "720 url"}', NO_FILES])
def test_a_broken_note_is_none(store, tmp_path, damage):
    host = Host()
    end(store, host)
    [note] = (tmp_path / "media").rglob("fetched.json")
    note.write_bytes(damage)
    assert end(store, host)[0] == b"film" and host.asked == 2


FETCH = """
import pathlib, sys
from s2f.media.fetched import Fetched
from s2f.media.store import Store

def fetch(folder, spans):
    (folder / "film").write_bytes(b"half")
    print(flush=True)
    sys.stdin.readline()
    (folder / "film").write_bytes(b"whole")
    return Fetched(folder / "film", folder / "film"), 1

fetched, _ = Store(pathlib.Path(sys.argv[1])).get("v", "", "", (), fetch)
print(fetched.picture.read_text(), flush=True)
"""


@pytest.fixture
def fetching_process(store):
    """Another process, in the middle of a fetch."""
    command = [sys.executable, "-c", FETCH, f"{store.folder}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        yield process
        process.kill()


def test_parts_that_another_build_is_at_stay(store, fetching_process):
    store.clear_parts()
    said, _ = fetching_process.communicate("go on\n")
    assert (fetching_process.returncode, said) == (0, "whole\n")
    assert [path.name for path in store.folder.rglob("*") if path.is_file()].count("film") == 1
    assert not list(store.folder.rglob(".*"))


def test_a_kill_leaves_parts_that_the_next_build_clears(store, fetching_process):
    assert list(store.folder.rglob("film"))
    fetching_process.kill()
    fetching_process.wait()
    store.clear_parts()
    assert not list(store.folder.glob("*/.*"))


def test_parts_can_be_cleared_while_others_begin(store):
    def clear():
        while not ended.is_set():
            store.clear_parts()

    ended = threading.Event()
    clearing = threading.Thread(target=clear)
    clearing.start()
    try:
        for number in range(100):
            assert end(store, Host(), video=f"v{number}")[0] == b"film"
    finally:
        ended.set()
        clearing.join()


def test_two_builds_that_fetch_one_video_both_get_it(store):
    def fetch(start):
        try:
            for number in range(100):
                ends.append(store.get("v", "", "", ((start, float(number + 1)),), Host())[1])
        except BaseException as error:
            ends.append(error)

    ends = []
    builds = [threading.Thread(target=fetch, args=(start,)) for start in (0.0, 0.5)]
    for build in builds:
        build.start()
    for build in builds:
        build.join()
    assert ends == [2] * 200


def test_a_last_word_is_kept_where_the_files_before_it_were_deleted_by_hand(store):
    host, gone = Host(), Host("removed")
    end(store, host)
    next(store.folder.rglob("picture")).unlink()
    for _ in range(4):
        assert end(store, gone) == ("removed", "words", 3)
    assert gone.asked == 1


@pytest.mark.parametrize("lost", ["picture", "try"])
def test_a_note_of_files_that_somebody_deleted_is_none(store, lost):
    host = Host()
    end(store, host)
    [path] = store.folder.rglob(lost)
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert end(store, host)[0] == b"film" and host.asked == 2
