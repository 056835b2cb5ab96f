import pickle

import pytest

from s2f.media.failures import REASONS, STATUSES, Failure, Kind, Step, lost_at, status_of, tidy, unforeseen


def test_every_class_has_its_reasons_and_a_status_of_the_ledger():
    assert {status_of(reason) for reason in REASONS} == set(Kind)
    assert set(STATUSES) == {"ok", "permanent", "transient", "blocked", "filtered"}
    assert status_of("ok") == "ok"


def test_reasons_are_a_closed_set():
    with pytest.raises(KeyError):
        Failure("bored", "")


def test_a_failure_survives_the_way_between_processes():
    copy = pickle.loads(pickle.dumps(Failure("network", "words", attempts=3)))
    assert (copy.reason, copy.message, copy.attempts, copy.kind) == ("network", "words", 3, Kind.TRANSIENT)


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


def test_tidy_words_can_be_stored_whatever_a_site_sends():
    assert tidy("no such\ud800 film \udcff€") == r"no such\ud800 film \udcff€"


def test_an_item_is_lost_at_the_first_step_that_it_does_not_pass():
    assert [lost_at(reason, 1) for reason in ("bad_row", "removed", "corrupt", "no_face", "face_off_centre")] == list(
        Step
    )
    assert {lost_at(reason, 1) for reason in REASONS} == set(Step)


def test_what_was_never_asked_for_was_not_fetched():
    assert [lost_at("too_short", attempts) for attempts in (0, 1, 3)] == [Step.FETCHED, Step.DECODED, Step.DECODED]
    assert lost_at("bad_row", 0) is Step.ROW
