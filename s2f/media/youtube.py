"""What this machine needs for YouTube's pages beside yt-dlp: a JavaScript runtime, and the scripts it runs.

Without them yt-dlp warns, asks as an outdated player, and finds no format: every video of a list would end for good as
one that has none. yt-dlp looks for deno beside Python and on PATH, and runs no other, since deno alone keeps a script
from reading files and opening addresses.
"""

import functools
import importlib.util
import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path
from urllib.parse import urlsplit

from s2f.runtime import InputError

HOSTS = ("youtube.com", "youtu.be", "youtube-nocookie.com")
SCRIPTS = "yt_dlp_ejs"
DENO = (2, 3)  # the oldest that yt-dlp takes
PATIENCE_S = 30.0


def is_youtube(template: str) -> bool:
    """Does a URL lead to YouTube?"""
    host = urlsplit(template).hostname or ""
    return any(host == one or host.endswith(f".{one}") for one in HOSTS)


def check_youtube(template: str) -> None:
    """Refuse to ask YouTube by a URL where no video's format could be found.

    Raises:
        InputError: saying what to install.
    """
    if not is_youtube(template):
        return
    if importlib.util.find_spec(SCRIPTS) is None:
        missing = "the package yt-dlp-ejs, which is not here"
    elif (found := deno_version()) is None:
        missing = "the JavaScript runtime deno, which is neither beside Python nor on PATH"
    elif found < DENO:
        missing = "deno {}.{} or newer; here is {}.{}".format(*DENO, *found)
    else:
        return
    raise InputError(
        f"speech_faces.url: for YouTube yt-dlp needs {missing}; run pip install -U 'yt-dlp[default,deno]'."
    )


def deno_version() -> tuple[int, int] | None:
    """Of the deno that yt-dlp finds; None where there is none that runs."""
    places = os.pathsep.join((sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)))
    program = shutil.which("deno", path=places)
    try:
        return _version_of(program, Path(program).stat().st_mtime_ns) if program else None
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return None


@functools.cache  # asked for every shard. What is raised is not remembered: a machine is busy once, and deno updated
def _version_of(program: str, changed_ns: int) -> tuple[int, int]:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=PATIENCE_S).stdout
    version = re.match(r"deno (\d+)\.(\d+)", said)
    if version is None:
        raise ValueError(f"{program}: it says no version, in the file of {changed_ns}")
    return int(version[1]), int(version[2])
