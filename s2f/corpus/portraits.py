"""The unpaired corpus: which pictures it tries, in which split, and what decides their rows.

How a picture becomes a row is in `picture_rows.py`, imported by whoever builds: planning loads no network.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from s2f.corpus.cliplist import BadRow
from s2f.corpus.contents import contents_sha256
from s2f.corpus.labels import UNKNOWN, picture_labels, warn_of_unused
from s2f.corpus.plan import Item, Picture
from s2f.corpus.recipe import Rows, arcface_identity
from s2f.corpus.splits import split_of
from s2f.dataset.schemas import PORTRAITS, SCHEMA_VERSION
from s2f.media.failures import storable
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
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
NOT_IN_ROWS = {"max_pictures", "validation_share", "shard_pictures", "workers"}


@dataclass(frozen=True)
class Portraits:
    """The recipe of the unpaired corpus."""

    params: PortraitsParams
    face_models: FaceModelsParams
    seed: int
    name: str = "portraits"

    @property
    def schema(self) -> pa.Schema:
        """Of its rows."""
        return PORTRAITS

    @property
    def code(self) -> tuple[str, ...]:
        """Modules that decide the rows."""
        return CODE

    @property
    def shard_items(self) -> int:
        """Items in a shard, about."""
        return self.params.shard_pictures

    @property
    def workers(self) -> int:
        """Shards built at a time."""
        return self.params.workers

    def items(self) -> Iterator[tuple[str, Item]]:
        """Pictures of the source folder, by name, with their split; a person's pictures stay together.

        Raises:
            InputError: there is no such folder, or no picture in it.
        """
        source = Path(self.params.source)
        labels = picture_labels(source)
        names = picture_names(source)
        warn_of_unused(labels, names, source, "picture")
        names = names[: self.params.max_pictures]
        for name, sha256 in zip(names, contents_sha256(source / name for name in names), strict=True):
            item = Item(picture_of(name), labels.get(name, UNKNOWN), sha256)
            yield split_of(item.labels.person or item.what.id, self.seed, self.params.validation_share), item

    def fingerprint(self) -> dict[str, Any]:
        """Everything but the items that decides the rows."""
        return {
            "schema": SCHEMA_VERSION,
            "params": self.params.model_dump(mode="json", exclude=NOT_IN_ROWS),
            "detector_score": self.face_models.detector_score,
            "arcface": arcface_identity(self.face_models),
        }

    def rows(self) -> Rows:
        """What builds it."""
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
    )


def picture_of(name: str) -> Picture | BadRow:
    """A file by its path within the folder; no picture where its name's bytes are no text, which no table can hold."""
    shown = storable(name)
    return Picture(name) if shown == name else BadRow(shown, "the file's name is not valid UTF-8; rename it")


def picture_names(folder: Path) -> list[str]:
    """Paths of the pictures in a folder tree, relative to it, in order.

    Raises:
        InputError: there is no such folder, or no picture in it.
    """
    if not folder.is_dir():
        raise InputError(f"portraits.source: {folder} is no folder.")
    found = (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and _may_be_file(path))
    names = sorted(path.relative_to(folder).as_posix() for path in found)
    if not names:
        raise InputError(f"portraits.source: {folder} holds no picture ({', '.join(sorted(SUFFIXES))}).")
    return names


def _may_be_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # in a folder that may not be entered: it is tried, and its end is in the ledger
        return True
