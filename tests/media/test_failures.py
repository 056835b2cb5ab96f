import pickle

import pytest

from s2f.media.failures import REASONS, STATUSES, Failure, Kind, tidy, unforeseen


def test_every_reason_has_a_status_of_the_ledger():
    assert {Failure(reason, "").status for reason in REASONS} == set(STATUSES) - {"ok"}


def test_what_is_blocked_is_never_called_failed():
    assert {Failure(reason, "").status for reason, kind in REASONS.items() if kind is Kind.BLOCKED} == {"blocked"}


def test_reasons_are_a_closed_set():
    with pytest.raises(KeyError):
        Failure("bored", "")


def test_a_failure_survives_the_way_between_processes():
    copy = pickle.loads(pickle.dumps(Failure("network", "words", attempts=3)))
    assert (copy.reason, copy.message, copy.attempts, copy.status) == ("network", "words", 3, "failed")


def test_what_nobody_foresaw_has_its_class_and_words_and_is_logged(caplog):
    try:
        raise LookupError("no graph\nat 0x55d0c0ffee00")
    except LookupError as error:
        failure = unforeseen(error, "clip 7")
    assert (failure.reason, failure.message) == ("internal_error", "LookupError: no graph at 0x…")
    assert "clip 7" in caplog.text and "Traceback" in caplog.text


def test_tidy_words_are_the_same_in_every_run(tmp_path, monkeypatch):
    words = "\x1b[31mERROR\x1b[0m: [mov @ 0x55d0c0ffee00]\n  moov atom\rnot found"
    assert tidy(words) == "ERROR: [mov @ 0x…] moov atomnot found"
    assert len(tidy("x" * 10_000)) == 500
