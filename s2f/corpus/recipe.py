"""What a corpus is to the machinery that builds it in shards, and the building of one shard."""

import functools
import json
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from s2f.code import code_sha256
from s2f.corpus.ledger import Outcome, Proof, finish
from s2f.corpus.plan import Item, Shard
from s2f.params.face_models import FaceModelsParams
from s2f.runtime import InputError, file_sha256

# Whose versions a reader of the ledger may want to know.
TOOLS = ("imageio-ffmpeg", "insightface", "mediapipe", "numpy", "onnxruntime", "pillow", "torch", "yt-dlp")


class Rows(Protocol):
    """Makes rows of items. Its module loads networks."""

    def build(self, items: Sequence[Item]) -> list[Outcome]:
        """Try items, one outcome each, in their order."""


class Recipe(Protocol):
    """What one corpus is: its items and everything that decides their rows. Light, hashable, picklable."""

    @property
    def name(self) -> str:
        """speech_faces or portraits."""

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

    def fingerprint(self) -> dict[str, Any]:
        """Parameters and models that decide the rows, as JSON values."""

    def rows(self) -> Rows:
        """What builds it; the first call imports networks' libraries, which takes seconds."""


def shard_keys(recipe: Recipe, shards: Sequence[Shard]) -> dict[int, str]:
    """What each shard must have been built from to count as finished, by its index."""
    decided = recipe.fingerprint() | {"code": code_sha256(recipe.code), "columns": recipe.schema.to_string()}
    return {shard.index: shard.key(decided) for shard in shards}


def build_shard(recipe: Recipe, shard: Shard, key: str, out: Path, ledger: Path) -> Proof:
    """Build and write one shard, whatever lay there before."""
    outcomes = recipe.rows().build(shard.items)
    return finish(out, ledger, shard, key, outcomes, recipe.schema, tool_versions())


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
