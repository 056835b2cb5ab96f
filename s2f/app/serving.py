"""The page, served: to this machine alone unless told otherwise, and with nothing left behind.

make app        (or: s2f app --pipeline data/models/pipeline)
"""

import os
import signal
import tempfile
from pathlib import Path
from typing import Any

from starlette.middleware import Middleware

from s2f.app.upload_limit import UploadLimit
from s2f.app.words import MAX_MEGABYTES
from s2f.pipeline import SpeechToFacePipeline
from s2f.runtime import InputError

WAITING = 32  # visitors in the queue; the next one is asked to come back
AT_HOME = ("127.0.0.1", "localhost", "::1")


def serve(folder: Path, speech_faces: Path, host: str, port: int, password: str | None) -> None:
    """Load the pipeline and serve the page until interrupted; a password is asked for together with the name s2f.

    Raises:
        InputError: the pipeline is missing or does not fit, or the page would be open to others without a password.
    """
    if host not in AT_HOME and not password:
        raise InputError(
            f"--host {host}: whoever reaches this machine could use the page; allowed: 127.0.0.1, or a "
            "password as S2F_PASSWORD in the environment."
        )
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C, and leaves nothing behind
    with tempfile.TemporaryDirectory(prefix="s2f-app-") as place:
        page = page_in(place, SpeechToFacePipeline.from_pretrained(folder), speech_faces)
        page.launch(server_name=host, server_port=port, auth=password and [("s2f", password)], **OPTIONS)


OPTIONS: dict[str, Any] = {
    "max_file_size": f"{MAX_MEGABYTES}mb",
    "share": False,
    "quiet": False,
    "footer_links": [],
    "ssr_mode": False,
    "enable_monitoring": False,
    # Around a recording stand some headers.
    "app_kwargs": {"middleware": [Middleware(UploadLimit, most_bytes=(MAX_MEGABYTES + 1) * 2**20)]},
}


def page_in(place: str, pipeline: SpeechToFacePipeline, speech_faces: Path) -> Any:
    """The page with its queue; whatever is uploaded or drawn lies in the folder `place` until it is deleted."""
    os.environ["GRADIO_TEMP_DIR"] = place
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    from s2f.app.examples import write_examples
    from s2f.app.page import make_page

    return make_page(pipeline, write_examples(speech_faces, Path(place))).queue(max_size=WAITING)
