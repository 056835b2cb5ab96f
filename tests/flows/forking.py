"""Starts commands of this project as `python -m` does, but for the seconds of their imports.

Every command is forked from this process, which has imported what they import and has no threads. Imports take longer
than most builds of the tests. What is claimed of imports, of memory or of an environment needs a real `python -m`.

On standard input a command a line, as JSON; on standard output its process's id, on the next line. Its exit code, when
it has ended, is in the file that was named.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import sys
import threading
import traceback
import warnings
from pathlib import Path

from PIL import Image
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

from s2f.audio.torchaudio_import import torchaudio_part

IMPORTED = """
flows.portraits flows.speech_faces s2f.cli.main s2f.corpus.clip_rows s2f.corpus.picture_rows s2f.corpus.verifying
fastapi.encoders graphviz pandas pyarrow.dataset yt_dlp.extractor._extractors
"""  # the second line: what libraries import when they are asked for the first time


def warm_up():
    """Import what commands import, at once or late."""
    for name in IMPORTED.split():
        importlib.import_module(name)
    torchaudio_part("transforms")
    Image.preinit()


def serve():
    """Until standard input ends."""
    for line in sys.stdin:
        if os.fork() == 0:
            watch(**json.loads(line))
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:  # those that have ended since
                pass


def watch(code, **command):
    """Start a command, tell its id, and write its exit code when it has ended."""
    process = os.fork()
    if process == 0:
        be(**command)
    print(process, flush=True)
    ended = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    written = Path(f"{code}.new")
    written.write_text(f"{ended}")
    written.rename(code)
    os._exit(0)


def be(words, folder, said):
    """Become the command: a module and its arguments."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    to = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(to, 1)
    os.dup2(to, 2)
    os.chdir(folder)
    sys.argv[1:] = words[1:]
    warnings.filterwarnings("ignore", message=".*found in sys.modules", category=RuntimeWarning)
    try:
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
        end(0)
    except SystemExit as told:
        end(told.code)
    except BaseException:
        traceback.print_exc()
        end(1)


def end(code):
    """As Python does it, but for libraries' own destructors: they wait for threads that were not forked."""
    threading._shutdown()
    atexit._run_exitfuncs()
    if isinstance(code, str):
        print(code, file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(int(isinstance(code, str)) if not isinstance(code, int) else code)


if __name__ == "__main__":
    warm_up()
    gc.freeze()
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):  # as in conftest.py
        serve()
