"""The folders that runs save their state to: one for each, so that no run ever touches another's.

A run is known by a hash of all that decides it, and by its number of steps: one that asks for more steps than another,
and is the same else, goes on from that one's last step.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from s2f.runtime import InputError
from s2f.training.checkpoint import NAME

FOLDER = re.compile(r"([0-9a-f]{12})-(\d+)")


def folder_of(checkpoints: Path, fingerprint: str, steps: int) -> Path:
    """Where the run with this hash saves its state."""
    return checkpoints / f"{fingerprint[:12]}-{steps}"


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make the folder, with what a shorter run of the same has come to; nobody else may hold it meanwhile.

    Raises:
        InputError: another training does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"{folder}: another training writes here, perhaps one whose launcher was killed; "
                "allowed: one at a time, so wait for it or end it."
            ) from None
        except OSError:  # a disk that knows no locks
            pass
        if not (folder / NAME).is_file() and (earlier := shorter(folder)):
            ignore = shutil.ignore_patterns(".*")
            shutil.copytree(earlier[-1], folder, copy_function=_link, dirs_exist_ok=True, ignore=ignore)
        yield


def shorter(folder: Path) -> list[Path]:
    """Folders of the same run with fewer steps that hold a state, the longest last."""
    if not (own := FOLDER.fullmatch(folder.name)):
        return []
    found = {}
    for path in folder.parent.iterdir():
        named = FOLDER.fullmatch(path.name)
        if named and named[1] == own[1] and int(named[2]) < int(own[2]) and (path / NAME).is_file():
            found[int(named[2])] = path
    return [found[steps] for steps in sorted(found)]


def left_by_others(folder: Path) -> str:
    """What other runs have saved beside this one's folder, in a sentence; empty for nothing."""
    others = [path for path in folder.parent.glob(f"*/{NAME}") if path.parent != folder]
    if not others:
        return ""
    size = sum(path.stat().st_size for path in others) / 1e9
    what = "another run's state" if len(others) == 1 else f"the states of {len(others)} other runs"
    return f"{folder.parent} also holds {what}, {size:.2g} GB: delete what nobody will go on with"


def _link(source: str, target: str) -> None:
    """Files here are replaced and never changed, so that two folders can share one."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
