"""The protocol, against a real program: tests/faces/standing_judge.py."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from s2f.faces import process_judge
from s2f.faces.detect import Face
from s2f.faces.process_judge import ProcessJudge
from s2f.runtime import InputError

STANDING = Path(__file__).with_name("standing_judge.py")
FACE = Face(np.array([2, 2, 14, 14], np.float32), 0.9, np.zeros((6, 2), np.float32))


def start(word, sha256=None):
    return closing(
        ProcessJudge("standing", [sys.executable, str(STANDING), word], ("judge", "detector", "landmarks"), sha256)
    )


def seen(red, blue=51):
    return np.full((16, 16, 3), (red, 0, blue), np.uint8), FACE


def test_it_says_who_it_is_and_answers_in_order_whoever_asks():
    with start("answers") as judge:
        assert (judge.version, judge.name, judge.sha256) == ("standing 1.0", "judge.bin", "a" * 64)
        assert judge.others == {"detector": ("finder.bin", "b" * 64), "landmarks": ("points.bin", "c" * 64)}
        chunks = [[seen(8 * chunk + place) for place in range(7)] for chunk in range(30)]
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(judge.judge, chunks))
    assert answers == [[(8 * chunk + place, 0.2) for place in range(7)] for chunk in range(30)]


def test_a_face_that_it_does_not_see_is_none_and_no_faces_are_no_question():
    with start("answers") as judge:
        assert judge.judge([seen(9), seen(0, 0), seen(7)]) == [(9, 0.2), None, (7, 0.2)]
        assert judge.judge([]) == []


def test_a_slow_start_is_waited_for():
    begun = time.monotonic()
    with start("slow") as judge:
        assert time.monotonic() - begun > 1.5
        assert judge.judge([seen(3)]) == [(3, 0.2)]


def test_pictures_lie_there_for_as_long_as_they_are_judged():
    with start("counts") as judge:
        assert judge.judge([seen(1)] * 5) == [(5, 0.5)] * 5
        assert judge.judge([seen(1)] * 2) == [(2, 0.5)] * 2
        folder = Path(judge._folder)
        assert list(folder.iterdir()) == []
    assert not folder.exists()


def test_a_death_in_mid_run_is_one_sentence_with_its_last_words_and_stays_so():
    with start("dies") as judge:
        judge.judge([seen(1)])
        for _ in range(2):
            with pytest.raises(InputError) as caught:
                judge.judge([seen(1)])
            assert str(caught.value) == "standing died (exit code 7); its last words: for a tensor"
        assert list(Path(judge._folder).iterdir()) == []


def test_a_program_that_is_killed_while_it_thinks_is_told_of():
    with start("hangs") as judge:
        judge.judge([seen(1)])
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(judge.judge, [seen(2)])
            time.sleep(0.2)
            judge._process.kill()
            with pytest.raises(
                InputError, match=r"standing died \(exit code -9\); its last words: chatter of a library"
            ):
                asked.result(10)


def test_a_program_that_hangs_is_ended_and_told_of_for_good(monkeypatch):
    with start("hangs") as judge:
        judge.judge([seen(1)])
        monkeypatch.setattr(process_judge, "ANSWER_S", 0.2)
        for _ in range(2):
            with pytest.raises(InputError) as caught:
                judge.judge([seen(2), seen(3)])
            assert str(caught.value) == (
                "standing did not answer a question on 2 faces within 0.2 s and was ended; its last words: chatter of "
                "a library. Run the same again, with memory and processors free for it, or name another judge as "
                "face_models.age_gender."
            )
        assert judge._process.poll() == -signal.SIGKILL and list(Path(judge._folder).iterdir()) == []


def test_a_program_that_never_says_who_it_is_is_ended(monkeypatch):
    monkeypatch.setattr(process_judge, "START_S", 0.2)
    with pytest.raises(
        InputError, match=r"^standing did not say who it is within 0\.2 s and was ended; its last words"
    ):
        start("mute")


def test_a_program_that_reads_no_question_is_ended_while_it_is_told_one(monkeypatch):
    with start("deaf") as judge:
        monkeypatch.setattr(process_judge, "ANSWER_S", 0.2)
        with pytest.raises(InputError, match=r"did not answer a question on 1500 faces within 0\.2 s"):
            judge.judge([(np.zeros((1, 1, 3), np.uint8), FACE)] * 1500)  # more than a pipe holds


def test_what_it_cannot_have_is_its_own_sentence():
    with pytest.raises(InputError, match=r"^the weights cannot be had; go and get them\.$"):
        start("unable")
    with pytest.raises(InputError, match=r"standing cannot be started \(/nowhere/python: No such file"):
        ProcessJudge("standing", ["/nowhere/python"], ("judge",))


def test_other_weights_than_demanded_are_refused():
    with start("answers", "a" * 64) as judge:
        assert judge.sha256 == "a" * 64
    with pytest.raises(InputError, match=f"judge.bin: its sha256 is {'a' * 64}, params ask for {'0' * 64}"):
        start("answers", "0" * 64)


@pytest.mark.parametrize("word", ["chatty", "odd"])
def test_a_greeting_that_is_none_is_quoted(word):
    with pytest.raises(InputError, match=r"standing did not answer as agreed, but '(Downloading…|\[1\])'"):
        start(word)


@pytest.mark.parametrize(("word", "said"), [("shuffles", r"\[\[.*"), ("forgets", r"\[\[.*"), ("babbles", "Epoch 1/1")])
def test_an_answer_to_another_question_is_never_taken(word, said):
    with start(word) as judge:
        with pytest.raises(InputError, match=f"standing did not answer as agreed, but '{said}"):
            judge.judge([seen(1), seen(2)])
        with pytest.raises(InputError, match="standing died"):
            judge.judge([seen(1), seen(2)])


def test_a_line_without_an_end_is_not_read_to_its_end():
    with start("floods") as judge, pytest.raises(InputError, match=r"but 'x{200}'\.$"):
        judge.judge([seen(1)])


def test_it_ends_with_a_parent_that_is_killed(tmp_path):
    code = (
        "import sys, time; from s2f.faces.process_judge import ProcessJudge\n"
        f"judge = ProcessJudge('standing', [sys.executable, {str(STANDING)!r}, 'answers'], ('judge',))\n"
        "print(judge._process.pid, flush=True); time.sleep(60)"
    )
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment)
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    until = time.monotonic() + 10
    while running(child) and time.monotonic() < until:
        time.sleep(0.05)
    assert not running(child)


def running(pid):
    """Whether it does anything still; a dead one may wait for somebody to ask how it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
