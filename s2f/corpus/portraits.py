"""The unpaired corpus: which pictures it tries, in which split, and what decides their rows.

How a picture becomes a row is in `picture_rows.py`, imported by whoever builds: planning loads no network.
"""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from s2f.corpus.cliplist import BadRow
from s2f.corpus.labels import UNKNOWN, picture_labels, warn_of_unused
from s2f.corpus.pictures.digests import CACHE, cache_file, digests
from s2f.corpus.pictures.names import SUFFIXES
from s2f.corpus.pictures.opening import open_source
from s2f.corpus.pictures.source import Entry, PictureSource
from s2f.corpus.plan import Item, Picture
from s2f.corpus.recipe import Rows, arcface_identity
from s2f.corpus.removal import takedowns
from s2f.corpus.splits import split_of
from s2f.dataset.schemas import PORTRAITS, SCHEMA_VERSION
from s2f.params.base import read_section, read_seed
from s2f.params.face_models import FaceModelsParams
from s2f.params.portraits import PortraitsParams
from s2f.runtime import InputError

CODE = (  # what decides a row; a test names what else is imported, and why it does not
    "s2f.corpus.faces",
    "s2f.corpus.picture_rows",
    "s2f.dataset.shards",
    "s2f.faces.align",
    "s2f.faces.arcface",
    "s2f.faces.detect",
    "s2f.faces.images",
    "s2f.faces.onnx_models",
)
# What changes how shards are built, but not what is in a row: a picture is its name and content, wherever it lies.
NOT_IN_ROWS = {"source", "max_pictures", "validation_share", "shard_pictures", "workers"}
NOTHING = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class Portraits:
    """The recipe of the unpaired corpus."""

    params: PortraitsParams
    face_models: FaceModelsParams
    seed: int
    name: str = "portraits"
    cache: Path | None = None  # folder in which pictures' digests are remembered from plan to plan; changes no result

    @property
    def schema(self) -> pa.Schema:
        """Of its rows."""
        return PORTRAITS

    @property
    def code(self) -> tuple[str, ...]:
        """Modules that decide the rows."""
        return CODE

    @property
    def source(self) -> Path:
        """Where the pictures lie."""
        return Path(self.params.source)

    @property
    def shard_items(self) -> int:
        """Items in a shard, about."""
        return self.params.shard_pictures

    @property
    def workers(self) -> int:
        """Shards built at a time."""
        return self.params.workers

    def items(self) -> Iterator[tuple[str, Item]]:
        """Pictures of the source, in its order, with their split; a person's pictures stay together.

        Of those with the same content the first is used; the others say so.

        Raises:
            InputError: there is no such source, or no picture in it.
        """
        path = Path(self.params.source)
        source = open_source(path)
        entries = pictures_of(source, path)
        file = source.labels()
        labels = picture_labels(file)
        if file is not None:
            warn_of_unused(labels, (entry.name for entry in entries), file.path.parent, "picture")
        entries = entries[: self.params.max_pictures]
        firsts: dict[str, str] = {}
        known = list(zip(entries, digests(source, entries, cache_file(self.cache, path)), strict=True))
        removed = takedowns(path)
        faces = {sha256 for entry, sha256 in known if removed.name(entry.name, sha256)} - {None, NOTHING}
        for entry, sha256 in known:
            if removed.name(entry.name, sha256) or sha256 in faces:  # a copy shows the same person
                item = Item(Picture(entry.name), labels.get(entry.name, UNKNOWN), sha256, removed=True)
            else:
                item = Item(_what(entry, sha256, firsts), labels.get(entry.name, UNKNOWN), sha256)
            yield split_of(item.labels.person or item.what.id, self.seed, self.params.validation_share), item

    def fingerprint(self) -> dict[str, Any]:
        """Everything but the items that decides the rows."""
        return {
            "schema": SCHEMA_VERSION,
            "params": self.params.model_dump(mode="json", exclude=NOT_IN_ROWS),
            "detector_score": self.face_models.detector_score,
            "arcface": arcface_identity(self.face_models),
        }

    def folders(self, out: Path) -> tuple[Path, ...]:
        """Rows' alone."""
        return (out,)

    def tidy(self, out: Path, finished: bool) -> None:
        """Nothing is kept."""

    def forget(self, out: Path, videos: Collection[str]) -> None:
        """Nothing was fetched."""

    def waiting(self, out: Path) -> None:
        """Nothing is asked for."""

    def rows(self, out: Path) -> Rows:
        """What builds it into this folder."""
        from s2f.corpus.picture_rows import PictureRows

        return PictureRows(self.params, self.face_models)


def read_portraits(params: Path) -> Portraits:
    """The unpaired corpus that a params file describes.

    Raises:
        InputError: parameters that cannot be used.
    """
    return Portraits(
        read_section(params, "portraits", PortraitsParams),
        read_section(params, "face_models", FaceModelsParams),
        read_seed(params),
        cache=params.parent / CACHE,
    )


def pictures_of(source: PictureSource, path: Path) -> list[Entry]:
    """All that a source holds.

    Raises:
        InputError: no picture that can be tried.
    """
    entries = list(source.entries())
    if all(entry.problem for entry in entries):
        first = f"; of the first of {len(entries)}, {entries[0].name}: {entries[0].problem}" if entries else ""
        raise InputError(f"portraits.source: {path} holds no picture ({', '.join(sorted(SUFFIXES))}){first}.")
    return entries


def _what(entry: Entry, sha256: str | None, firsts: dict[str, str]) -> Picture | BadRow:
    """An entry as what to try; `firsts` holds, and is given, the first picture of every content."""
    if entry.problem:
        return BadRow(entry.name, entry.problem)
    if sha256 in (None, NOTHING):  # empty files have nothing in common: each is corrupt
        return Picture(entry.name)
    first = firsts.setdefault(sha256, entry.name)
    return Picture(entry.name, same_as=None if first == entry.name else first)
