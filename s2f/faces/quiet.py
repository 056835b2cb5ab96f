"""Keep native libraries' start-up chatter off standard error.

MediaPipe and TensorFlow Lite print to file descriptor 2 while a graph starts ("Created XNNPACK delegate", …), past
Python's logging. What they print is dropped, with what other threads print in those few moments; what they raise is
not.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_one_at_a_time = threading.Lock()  # two redirections at once could restore each other's


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Send file descriptor 2 to nowhere while the block runs."""
    with _one_at_a_time:
        sys.stderr.flush()
        saved = os.dup(2)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            os.close(nowhere)
