"""The paired corpus: which clips it tries, in which split, and what decides their rows.

How a clip becomes a row is in `clip_rows.py`, imported by whoever builds: planning loads no network.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from s2f.corpus.cliplist import read_clip_list
from s2f.corpus.labels import UNKNOWN, clip_labels
from s2f.corpus.plan import Item
from s2f.corpus.recipe import Rows, arcface_identity
from s2f.corpus.splits import TEST, split_of
from s2f.dataset.schemas import SCHEMA_VERSION, SPECTROGRAM_SHAPE, SPEECH_FACES
from s2f.media.urls import check_template
from s2f.params.face_models import FaceModelsParams
from s2f.params.spectrogram import SpectrogramParams
from s2f.params.speech_faces import SpeechFacesParams
from s2f.runtime import InputError

CODE = (  # what decides a row; how a video is fetched does not
    "s2f.audio.spectrogram",
    "s2f.audio.speech",
    "s2f.corpus.clip_rows",
    "s2f.corpus.faces",
    "s2f.faces.align",
    "s2f.faces.arcface",
    "s2f.faces.detect",
    "s2f.faces.images",
    "s2f.media.clip",
)

# What changes how shards are built, but not what is in a row.
NOT_IN_ROWS = {"clip_list", "test_list", "max_clips", "validation_share", "test_share", "shard_clips", "workers"}


@dataclass(frozen=True)
class SpeechFaces:
    """The recipe of the paired corpus."""

    params: SpeechFacesParams
    spectrogram: SpectrogramParams
    face_models: FaceModelsParams
    seed: int
    name: str = "speech_faces"

    @property
    def schema(self) -> pa.Schema:
        """Of its rows."""
        return SPEECH_FACES

    @property
    def code(self) -> tuple[str, ...]:
        """Modules that decide the rows."""
        return CODE

    @property
    def shard_items(self) -> int:
        """Items in a shard, about."""
        return self.params.shard_clips

    @property
    def workers(self) -> int:
        """Shards built at a time."""
        return self.params.workers

    def check(self) -> None:
        """Refuse what could only fail later.

        Raises:
            InputError: a URL or a spectrogram that cannot be built.
        """
        check_template(self.params.url)
        if self.spectrogram.shape != SPECTROGRAM_SHAPE:
            raise InputError(f"spectrogram: makes {self.spectrogram.shape}; the table holds {SPECTROGRAM_SHAPE} alone.")

    def items(self) -> Iterator[tuple[str, Item]]:
        """Rows of the lists with their split; of a clip that is in both lists, the test list's."""
        params, source = self.params, Path(self.params.source)
        labels = clip_labels(source)
        tested: set[str] = set()
        if params.test_list is not None:
            for row in read_clip_list(source / params.test_list, params.max_clips):
                tested.add(row.id)
                yield TEST, Item(row, labels.get(row.id, UNKNOWN))
        test_share = params.test_share if params.test_list is None else 0.0
        for row in read_clip_list(source / params.clip_list, params.max_clips):
            if row.id not in tested:
                item = Item(row, labels.get(row.id, UNKNOWN))
                group = item.labels.person or item.batch
                yield split_of(group, self.seed, params.validation_share, test_share), item

    def fingerprint(self) -> dict[str, Any]:
        """Everything but the items that decides the rows."""
        return {
            "schema": SCHEMA_VERSION,
            "params": self.params.model_dump(mode="json", exclude=NOT_IN_ROWS | {"fetch_attempts"}),
            "spectrogram": self.spectrogram.model_dump(mode="json"),
            "detector_score": self.face_models.detector_score,
            "arcface": arcface_identity(self.face_models),
        }

    def rows(self) -> Rows:
        """What builds it."""
        from s2f.corpus.clip_rows import ClipRows

        return ClipRows(self.params, self.spectrogram, self.face_models)
