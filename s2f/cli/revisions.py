"""A revision's data in a folder: as it lies here, in another folder, or as git and DVC remember it.

DVC is asked by its command, as is git: s2f imports neither. What is fetched is linked out of DVC's cache where its
`cache.type` and the disk allow, not copied.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, YAMLError

from s2f.params.base import read_yaml
from s2f.runtime import InputError, progress

WORKSPACE = "workspace"
DATA, PARAMS, LOCK = Path("data"), "params.yaml", "dvc.lock"
KNOWN = "a git revision, the name of a DVC experiment, workspace, or a folder with measured/ in it"
NOT_KEPT = ("No storage files available", "failed to load directory")  # as DVC says it
LOCKED, PATIENCE_S, TRIES = "database is locked", 0.5, 20  # DVC's own, when two of it start at once
AT_ONCE = 2  # fetches: each is a process that takes most of a second to start


@dataclass(frozen=True)
class Revision:
    """What there is of a run before anything large is fetched."""

    name: str
    params: dict[str, Any]
    folder: Path | None = None  # with the data; None: in DVC's cache
    commit: str | None = None
    lock: dict[str, Any] | None = None  # dvc.lock; None of a folder


def find(name: str) -> Revision:
    """What a name stands for.

    Raises:
        InputError: nothing, or nothing that a run was kept of.
    """
    if name == WORKSPACE:
        lock = read_yaml(LOCK) if Path(LOCK).is_file() else None
        return Revision(name, read_yaml(PARAMS), DATA, lock=lock)
    if (Path(name) / "measured").is_dir():
        return Revision(name, read_yaml(_params_of(Path(name))), Path(name))
    commit = _commit(name)
    if not Path(".dvc").is_dir():
        raise InputError(f"{name}: {Path.cwd()} is not the top folder of a DVC project; allowed: to run it in there.")
    lock = _file(name, commit, LOCK)
    if lock is None:
        raise InputError(f"{name}: it has no {LOCK}, so nothing is kept of a run; allowed: a revision that has.")
    params = _file(name, commit, PARAMS)
    if params is None:
        raise InputError(f"{name}: it has no {PARAMS}; allowed: a revision that has.")
    return Revision(name, params, None, commit, lock)


def fetch(revisions: Sequence[Revision], parts: Sequence[str], into: Path) -> list[Path]:
    """For each revision a folder with these parts of its data/: its own, or one in `into`, filled by DVC.

    What two revisions have in common is fetched once.

    Raises:
        InputError: DVC has not kept them, or is not there.
    """
    folders = [one.folder or into / str(number) for number, one in enumerate(revisions)]
    wanted: dict[tuple[str, str], tuple[Revision, Path]] = {}  # part and hash → whose, and where to
    for one, folder in zip(revisions, folders, strict=True):
        made = {} if one.folder else _outs(one)
        for part in () if one.folder else parts:
            top = str(DATA / part.split("/")[0])
            if top not in made:
                raise InputError(f"{one.name}: its {LOCK} knows no {top}; allowed: a revision after `dvc repro`.")
            first = wanted.setdefault((part, made[top]), (one, folder / part))[1]
            if first != folder / part:
                (folder / part).parent.mkdir(parents=True, exist_ok=True)
                (folder / part).symlink_to(first)
    with progress() as bar, ThreadPoolExecutor(AT_ONCE) as pool:
        task = bar.add_task("asking DVC", total=len(wanted), note="")
        under_way = [pool.submit(_get, one, part, folder) for (part, _), (one, folder) in wanted.items()]
        try:
            for done in under_way:
                done.result()
                bar.advance(task)
        finally:
            pool.shutdown(cancel_futures=True)  # one that fails is enough
    return folders


def _outs(revision: Revision) -> dict[str, str]:
    """What its stages wrote, with its hash."""
    stages = (revision.lock or {}).get("stages", {}).values()
    return {one["path"]: str(one.get("md5", revision.commit)) for stage in stages for one in stage.get("outs", ())}


def recorded_params(revision: Revision) -> tuple[dict[str, Any], dict[str, Any]]:
    """What dvc.lock says the data was made with, and the same parameters as they are now: edited, perhaps, since."""
    recorded: dict[str, Any] = {}
    for stage in (revision.lock or {}).get("stages", {}).values():
        recorded |= stage.get("params", {}).get(PARAMS, {})
    return recorded, {key: _at(revision.params, key) for key in recorded}


def changed_code(a: Revision, b: Revision) -> int | None:
    """How many files of the code differ between two revisions; None where that is not known of a folder."""
    here = [one.commit or (one.name == WORKSPACE and "") for one in (a, b)]
    commits = [one for one in here if one]
    if False in here or not commits:
        return 0 if here == ["", ""] else None
    done = _git("diff", "--name-only", *commits, "--", "s2f", "flows")
    return len(done.stdout.splitlines()) if done.returncode == 0 else None


def _at(params: dict[str, Any], key: str) -> Any:
    value: Any = params
    for name in key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _params_of(folder: Path) -> Path:
    for place in (folder / PARAMS, folder.resolve().parent / PARAMS):
        if place.is_file():
            return place
    raise InputError(f"{folder}: there is no {PARAMS} in it or beside it; allowed: a folder like data/ with its own.")


def _commit(name: str) -> str:
    """The hash of what git or DVC calls so."""
    done = _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    if done.returncode == 0:
        return done.stdout.strip()
    refs = _git("for-each-ref", "--format=%(objectname) %(refname)", "refs/exps")
    if refs.returncode:
        said = " ".join(done.stderr.split() or refs.stderr.split())
        raise InputError(f"{name}: git knows no revision here ({said}); allowed: {KNOWN}.")
    head = _git("rev-parse", "HEAD").stdout.strip()
    found: dict[str, str] = {}  # experiment → the commit it was run on
    for line in refs.stdout.splitlines():
        commit, _, ref = line.partition(" ")
        parts = ref.split("/")  # refs/exps/12/34567…/NAME; shorter ones are DVC's own
        if len(parts) == 5 and parts[4] == name:
            found[commit] = parts[2] + parts[3]
    own = [commit for commit, base in found.items() if base == head] or list(found)
    if not own:
        raise InputError(f"{name}: nothing is called so; allowed: {KNOWN}.")
    if len(own) > 1:
        raise InputError(f"{name}: {len(own)} experiments are called so; allowed: one's hash, {' or '.join(own)}.")
    return own[0]


def _file(name: str, commit: str, path: str) -> dict[str, Any] | None:
    done = _git("show", f"{commit}:./{path}")
    if done.returncode:
        return None
    try:
        content = YAML(typ="safe").load(done.stdout)
    except YAMLError as error:
        raise InputError(f"{name}: its {path} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise InputError(f"{name}: its {path} has no sections.")
    return content


def _get(revision: Revision, part: str, into: Path) -> None:
    """One part, with everything in it."""
    path = str(DATA / part)
    command = [sys.executable, "-m", "dvc", "get", ".", path, "--rev", f"{revision.commit}", "-o", f"{into}"]
    for _ in range(TRIES):
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
        if done.returncode == 0:
            return
        if LOCKED not in done.stderr:
            break
        time.sleep(PATIENCE_S)
    if "No module named dvc" in done.stderr:
        raise InputError(f"{revision.name}: dvc is not installed here; `pip install 's2f[pipeline]'` brings it.")
    if any(words in done.stderr for words in NOT_KEPT):
        raise InputError(
            f"{revision.name}: {path} is not in DVC's cache; `dvc pull` of that revision gets it from a remote, "
            "`dvc repro` (of an experiment: `dvc exp run`) makes it again."
        )
    said = next((line for line in done.stderr.splitlines() if line.startswith("ERROR: ")), done.stderr)
    raise InputError(f"{revision.name}: DVC did not give {path}: {said.removeprefix('ERROR: ').strip()}")


def _git(*words: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(["git", *words], capture_output=True, text=True, errors="replace")
    except FileNotFoundError:
        raise InputError(f"git is not installed here; allowed without it: {WORKSPACE}, or a folder.") from None
