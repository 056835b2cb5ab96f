"""inaFaceAnalyzer, the paper's judge of age and gender: where `make judge` puts it, and how it is started.

It needs TensorFlow below 2.16 and Python 3.11 at most, so it has an environment of its own, `.judge` in the project's
folder, and a process of its own (s2f/faces/inaface_worker.py). Nothing is started here, so that params can be checked.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from s2f.params.face_models import INA
from s2f.runtime import InputError

HOME = Path(".judge")
WORKER = Path(__file__).with_name("inaface_worker.py")
ROLES = ("judge", "detector", "landmarks")  # of the files that the worker names, in its order


@dataclass(frozen=True)
class Installed:
    """What `make judge` found to work."""

    version: str
    sha256: str  # of the classifier's weights


def installed(home: Path = HOME) -> Installed:
    """What lies here, without starting TensorFlow.

    Raises:
        InputError: the environment is not there, or its weights are not.
    """
    if not (home / "installed").is_file():
        raise InputError(
            f"{INA} has no environment here (no {home}/installed); run `make judge`, or name another judge."
        )
    try:
        said = json.loads((home / "ready").read_text(encoding="utf-8"))
        return Installed(said["version"], next(iter(said["weights"].values())))
    except (OSError, ValueError, TypeError, AttributeError, LookupError, StopIteration):
        raise InputError(
            f"{INA} is installed in {home}, but never had its weights; run `make judge` where its release page can be "
            "reached (it says what to do elsewhere), or name another judge."
        ) from None


def command(home: Path = HOME) -> list[str]:
    """What starts the judge; a folder for pictures comes behind it."""
    return [str(home / "bin" / "python"), "-I", str(WORKER), str(home / "home")]
