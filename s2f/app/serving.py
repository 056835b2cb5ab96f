"""The page, served: to this machine alone unless told otherwise, and with nothing left behind.

make app        (or: s2f app --pipeline data/models/pipeline)
"""

import os
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from starlette.middleware import Middleware

from s2f.app.upload_limit import UploadLimit
from s2f.app.words import MAX_MEGABYTES
from s2f.audio.voice import load_detector
from s2f.pipeline import SpeechToFacePipeline
from s2f.runtime import InputError

HERE = Path(__file__).parent
WAITING = 32  # visitors in the queue; the next one is asked to come back
AT_HOME = ("127.0.0.1", "localhost", "::1")
FOLDER = "s2f-app-"  # opens the names of folders that hold what visitors bring; behind it the process's number


class Door(NamedTuple):
    """Where the page is reached, and by whom; a password is asked for together with the name s2f."""

    host: str
    port: int
    password: str | None = None
    certificate: Path | None = (
        None  # with its key: https, without which a browser lends no microphone to other machines
    )
    key: Path | None = None


def serve(folder: Path, speech_faces: Path, door: Door) -> None:
    """Load the pipeline and serve the page until interrupted.

    Raises:
        InputError: the pipeline is missing or does not fit, or the page would be open to others without a password.
    """
    if door.host not in AT_HOME and not door.password:
        raise InputError(
            f"--host {door.host}: whoever reaches this machine could use the page; allowed: 127.0.0.1, or a "
            "password as S2F_PASSWORD in the environment."
        )
    for number in (signal.SIGTERM, signal.SIGHUP):  # end like Ctrl-C, and leave nothing behind
        signal.signal(number, signal.default_int_handler)
    sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=f"{FOLDER}{os.getpid()}-") as place:
        load_detector()
        page = page_in(place, SpeechToFacePipeline.from_pretrained(folder), speech_faces)
        page.launch(
            server_name=door.host,
            server_port=door.port,
            auth=[("s2f", door.password)] if door.password else None,
            ssl_certfile=door.certificate and str(door.certificate),
            ssl_keyfile=door.key and str(door.key),
            ssl_verify=False,  # by gradio itself, of its own page
            **OPTIONS,
        )


OPTIONS: dict[str, Any] = {
    "max_file_size": f"{MAX_MEGABYTES}mb",
    "share": False,
    "quiet": False,
    "footer_links": [],
    "css_paths": HERE / "style.css",
    "js": (HERE / "upload_limit.js").read_text(encoding="utf-8").replace("MOST", str(MAX_MEGABYTES * 2**20)),
    "ssr_mode": False,
    "enable_monitoring": False,
    # Around a recording stand some headers.
    "app_kwargs": {"middleware": [Middleware(UploadLimit, most_bytes=(MAX_MEGABYTES + 1) * 2**20)]},
}


def sweep(temporary: Path) -> None:
    """Remove what pages left that were killed; nothing where it cannot be seen who is alive."""
    if not Path("/proc/self").exists():
        return
    for folder in temporary.glob(f"{FOLDER}*"):
        number = folder.name.removeprefix(FOLDER).split("-")[0]
        if number.isdigit() and not Path("/proc", number).exists() and folder.stat().st_uid == os.getuid():
            shutil.rmtree(folder, ignore_errors=True)


def page_in(place: str, pipeline: SpeechToFacePipeline, speech_faces: Path) -> Any:
    """The page with its queue; whatever is uploaded or drawn lies in the folder `place` until it is deleted."""
    os.environ["GRADIO_TEMP_DIR"] = place
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    from s2f.app.examples import write_examples
    from s2f.app.page import make_page

    return make_page(pipeline, write_examples(speech_faces, Path(place))).queue(max_size=WAITING)
