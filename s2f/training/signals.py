"""SIGTERM and Ctrl-C during training: noted at once, obeyed after the step that is under way."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def noting_signals() -> Iterator[Callable[[], int]]:
    """While the block lasts, its function tells which signal came, 0 for none. A second one ends at once."""
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():  # where Python allows no handlers
        yield lambda: 0
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def note(number: int, _: FrameType | None) -> None:
        came.append(number)
        restore()

    for number in SIGNALS:
        signal.signal(number, note)
    try:
        yield lambda: came[0] if came else 0
    finally:
        restore()
