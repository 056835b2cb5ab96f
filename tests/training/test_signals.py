import signal
import threading

import pytest

from s2f.training.signals import noting_signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_noted_and_ends_nothing(number):
    with noting_signals() as signalled:
        assert signalled() == 0
        signal.raise_signal(number)
        assert signalled() == number


@pytest.fixture
def heard():
    """Ctrl-C as a terminal's programs hear it; in a shell's background it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
def test_a_second_one_ends_at_once():
    with pytest.raises(KeyboardInterrupt), noting_signals():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)


def test_handlers_are_what_they_were_afterwards():
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    with noting_signals():
        assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] != before
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before


def test_another_thread_trains_without_noting():
    found = []

    def train():
        with noting_signals() as signalled:
            found.append(signalled())

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    assert found == [0]
