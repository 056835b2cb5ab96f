"""The real build, through the real flow, with its own functions wrapped by clocks: the product has no timer inside.

A clock counts what its thread spends in a function and in nothing that has a clock of its own. So with one worker all
phases and "rest" add up to the build's time: rest is Prefect, the plan, the ledger's bookkeeping, everything unnamed.
Libraries are imported before the build begins, networks are loaded within it.

    python -m tests.benchmarks.corpus.ours PARAMS FOLDER     (a Prefect server answers at PREFECT_API_URL)
"""

import functools
import json
import logging
import sys
import threading
import time
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path

import s2f.corpus.clip_rows as clip_rows
import s2f.corpus.fetching as fetching
import s2f.corpus.recipe as recipe
from flows.speech_faces import build_speech_faces
from s2f.corpus.faces import FaceReader
from s2f.faces.arcface import FaceEmbedder
from s2f.faces.detect import FaceDetector
from tests.benchmarks.corpus.plain import cpu_seconds

PHASES = ("networks", "fetch", "decode", "detect", "crop", "embed", "spectrogram", "write")
BEHIND = "fetch (behind)"  # in threads of its own, while others look and listen

spent: dict[str, float] = defaultdict(float)
of_thread = threading.local()
adding = threading.Lock()


@contextmanager
def phase(name):
    """The block's time is this phase's, and not that of the phase around it."""
    names = of_thread.__dict__.setdefault("names", [])
    charge(names)
    names.append(name)
    try:
        yield
    finally:
        charge(names)
        names.pop()


def charge(names):
    now = time.perf_counter()
    if names:
        with adding:
            spent[names[-1]] += now - of_thread.since
    of_thread.since = now


def clock(owner, name, of):
    """Put a clock around a function or method."""
    function = getattr(owner, name)

    @functools.wraps(function)
    def clocked(*arguments, **named):
        with phase(of):
            return function(*arguments, **named)

    setattr(owner, name, clocked)


def clock_each(owner, name, of):
    """Put a clock around what a generator does for each of its values."""
    function = getattr(owner, name)

    @functools.wraps(function)
    def clocked(*arguments, **named):
        values = function(*arguments, **named)
        try:
            while True:
                with phase(of):
                    value = next(values, values)
                if value is values:
                    return
                yield value
        finally:
            with phase(of):
                values.close()

    setattr(owner, name, clocked)


def put_clocks():
    clock(clip_rows, "face_reader", "networks")
    clock(fetching.Fetching, "begin", "fetch")
    clock(fetching.Fetching, "result", "fetch")  # with fetching ahead: waiting for it
    clock(fetching, "fetch_video", BEHIND)
    clock(clip_rows, "read_sound", "decode")
    clock_each(clip_rows, "read_frames", "decode")
    clock(FaceDetector, "detect", "detect")
    clock(FaceReader, "columns", "crop")
    clock(FaceEmbedder, "embed", "embed")
    clock(clip_rows, "spectrogram_of", "spectrogram")
    clock(clip_rows, "encode_flac", "write")
    clock(recipe, "finish", "write")
    clock_each(clip_rows.ClipRows, "build", "rest")  # called from within "write"
    clock(clip_rows.ClipRows, "done", "fetch")  # files are let go


def main(params, folder):
    logging.getLogger("httpx").setLevel(logging.CRITICAL)
    put_clocks()
    begun, cpu_begun = time.perf_counter(), cpu_seconds()
    reasons = build_speech_faces(Path(folder, "out"), Path(folder, "ledger"), Path(params))
    seconds, cpu = time.perf_counter() - begun, cpu_seconds() - cpu_begun
    print(json.dumps({"seconds": seconds, "cpu": cpu, "kept": reasons["ok"], "spent": dict(spent)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
