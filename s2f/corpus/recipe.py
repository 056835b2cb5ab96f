"""What a corpus is to the machinery that builds it in shards, and the building of one shard."""

import functools
import hashlib
import json
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from s2f.code import code_sha256
from s2f.corpus.kept import Kept
from s2f.corpus.ledger import Outcome, Proof, finish, finished
from s2f.corpus.lock import only_worker
from s2f.corpus.plan import Item, Shard
from s2f.corpus.room import check_room, stopping_when_full
from s2f.dataset.shards import shard_name
from s2f.media.failures import Failure
from s2f.media.stopping import STOP
from s2f.params.face_models import FaceModelsParams
from s2f.runtime import InputError, file_sha256

# Whose versions a reader of the ledger may want to know.
TOOLS = ("imageio-ffmpeg", "insightface", "mediapipe", "numpy", "onnxruntime", "pillow", "soundfile", "torch", "yt-dlp")


class Rows(Protocol):
    """Makes rows of items. Its module loads networks."""

    def build(self, items: Sequence[Item]) -> Generator[Outcome]:
        """Try items one after the other, one outcome each, in their order; a row without its labels."""

    def done(self, items: Sequence[Item]) -> None:
        """Let go of what was kept for items whose rows are written."""


class Recipe(Protocol):
    """What one corpus is: its items and everything that decides their rows. Light, hashable, picklable."""

    @property
    def name(self) -> str:
        """speech_faces or portraits."""

    @property
    def source(self) -> Path:
        """Where its lists or pictures lie."""

    @property
    def schema(self) -> pa.Schema:
        """Of its rows."""

    @property
    def code(self) -> tuple[str, ...]:
        """Modules that decide the rows, by name."""

    @property
    def shard_items(self) -> int:
        """Items in a shard, about."""

    @property
    def workers(self) -> int:
        """Shards built at a time."""

    def __hash__(self) -> int: ...

    def items(self) -> Iterator[tuple[str, Item]]:
        """Everything to try, with its split."""

    def tidy(self, out: Path, finished: bool) -> None:
        """Clear what killed workers left; when all is finished, also what was kept for rows yet to be written."""

    def folders(self, out: Path) -> tuple[Path, ...]:
        """Where a build into this folder writes much: it may be on several disks."""

    def waiting(self, out: Path) -> str | None:
        """Why nothing is asked for just now, and until when; None where nothing waits."""

    def fingerprint(self) -> dict[str, Any]:
        """Parameters and models that decide the rows, as JSON values."""

    def rows(self, out: Path) -> Rows:
        """What builds it into this folder; the first call imports networks' libraries, which takes seconds."""


def decided_by(recipe: Recipe) -> str:
    """Hex sha256 over everything but the items that decides the rows: parameters, models, code, columns."""
    decided = recipe.fingerprint() | {"code": code_sha256(recipe.code), "columns": recipe.schema.to_string()}
    return hashlib.sha256(json.dumps(decided, sort_keys=True).encode()).hexdigest()


def build_shard(
    recipe: Recipe,
    shard: Shard,
    decided: str,
    out: Path,
    ledger: Path,
    builder: str,
    kept: Sequence[str] = (),
    min_free_gb: float = 0,
) -> Proof:
    """Build and write one shard, unless it was built meanwhile; what `kept` shards hold of it is not tried again.

    `builder` is the name that `only_builder` gave the build.

    Raises:
        TryAgainLater: the disk is full, a host refuses, or the build was stopped or another one begun; nothing of this
            shard was written.
    """
    STOP.check()
    folders, key = recipe.folders(out), shard.key(decided)
    check_room(folders, min_free_gb)
    with stopping_when_full((*folders, ledger)), only_worker(ledger, shard_name(shard.index), builder):
        built = finished(out, ledger, shard, key)
        if built is not None:
            return built
        known = Kept(out, ledger, kept)
        keyed = [(item, item.key(decided)) for item in shard.items]
        missing = [item for item, its_key in keyed if not item.removed and not known.has(its_key)]
        rows = recipe.rows(out) if missing else None  # networks are loaded only if there is something to try
        with closing(rows.build(missing) if rows else _nothing()) as tried:
            outcomes = _while_room(_outcomes(keyed, known, tried), folders, min_free_gb)
            proof = finish(out, ledger, shard, key, outcomes, recipe.schema, tool_versions())
        if rows:
            rows.done(missing)
        return proof


def _outcomes(keyed: Sequence[tuple[Item, str]], known: Kept, tried: Iterator[Outcome]) -> Iterator[Outcome]:
    """One for each item, in order, with its key and labels."""
    for item, key in keyed:
        if item.removed:
            outcome = Outcome(item.what.id, Failure("removed_on_request", "taken down", attempts=0), attempts=0)
        else:
            outcome = known.outcome(key) if known.has(key) else next(tried)
        if not isinstance(outcome.end, Failure):
            outcome = replace(outcome, end=outcome.end | asdict(item.labels))
        yield replace(outcome, item=key)


def _while_room(outcomes: Iterator[Outcome], folders: Sequence[Path], min_free_gb: float) -> Iterator[Outcome]:
    for outcome in outcomes:
        yield outcome
        STOP.check()
        check_room(folders, min_free_gb)


def _nothing() -> Generator[Outcome]:
    yield from ()


@functools.cache
def tool_versions() -> str:
    """Versions of everything that had a hand in a row, as JSON."""
    return json.dumps({name: version(name) for name in TOOLS})


def arcface_identity(models: FaceModelsParams) -> dict[str, str]:
    """Name and sha256 of the embedding's weights: two networks' spaces do not mix.

    Raises:
        InputError: weights that cannot be had.
    """
    path = Path(models.arcface)
    if path.suffix == ".onnx" and path.is_file():
        sha256 = file_sha256(path)
        if models.arcface_sha256 not in (None, sha256):
            raise InputError(f"{path}: its sha256 is {sha256}, params ask for {models.arcface_sha256}.")
        return {"name": path.name, "sha256": sha256}
    from s2f.corpus.faces import face_reader  # a pack's file is known to insightface alone

    return {"name": models.arcface, "sha256": face_reader(models).embedder.sha256}
