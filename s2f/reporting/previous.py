"""What git knows: the last revision, whether files differ from it, and the headlines and parameters that it has."""

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


def read_revision(folder: Path, made: Path) -> str | None:
    """'abc1234', or 'abc1234 with changes' where a tracked file of the project differs; None without git or commit.

    What `dvc repro` itself writes, `made` and dvc.lock, is no change.
    """
    revision = _git(folder, "rev-parse", "--short", "HEAD")
    if not revision:
        return None
    own = [made.resolve()] if made.resolve().is_relative_to(folder.resolve()) else []
    written = [
        f":(exclude,literal){path.relative_to(folder.resolve())}" for path in (*own, folder.resolve() / "dvc.lock")
    ]
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no", "--", ".", *written)
    return revision.strip() + (" with changes" if changed else "")


def _git(folder: Path, *command: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", folder, *command], capture_output=True, timeout=GIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", errors="replace") if done.returncode == 0 else None
