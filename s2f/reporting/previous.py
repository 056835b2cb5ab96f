"""The run before this one, as git's last revision has it: its headlines and its parameters."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, YAMLError

GIT_S = 20.0  # seconds; a repository that takes longer is as good as none


@dataclass(frozen=True)
class Previous:
    """What the last revision says."""

    revision: str
    date: str
    metrics: dict[str, Any]
    params: dict[str, Any]


def read_previous(metrics: Path, params: Path) -> Previous | None:
    """Both files as the last commit has them; None where there is no git, no commit, or not such files in it."""
    said = _git(params.parent, "show", "--no-patch", "--format=%h %cs", "HEAD")
    if not said:
        return None
    revision, _, date = said.strip().partition(" ")
    try:
        numbers = json.loads(_git(metrics.parent, "show", f"HEAD:./{metrics.name}") or "")
        settings = YAML(typ="safe").load(_git(params.parent, "show", f"HEAD:./{params.name}") or "")
    except (ValueError, YAMLError):
        return None
    if not isinstance(numbers, dict) or not isinstance(settings, dict):
        return None
    return Previous(revision, date, numbers, settings)


def _git(folder: Path, *command: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", folder, *command], capture_output=True, timeout=GIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", errors="replace") if done.returncode == 0 else None
