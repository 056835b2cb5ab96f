"""The paired corpus: which clips it tries, in which split, and what decides their rows.

How a clip becomes a row is in `clip_rows.py`, imported by whoever builds: planning loads no network.
"""

import logging
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from s2f.corpus.cliplist import Clip, read_clip_list, video_of
from s2f.corpus.contents import contents_sha256
from s2f.corpus.labels import UNKNOWN, Labels, clip_labels, warn_of_unused
from s2f.corpus.plan import Item
from s2f.corpus.recipe import Rows, arcface_identity
from s2f.corpus.removal import takedowns
from s2f.corpus.splits import TEST, split_of, video_groups
from s2f.dataset.schemas import SCHEMA_VERSION, SPECTROGRAM_SHAPE, SPEECH_FACES
from s2f.media.breaker import breaker_of
from s2f.media.formats import FILE as NO_FORMAT
from s2f.media.store import Store
from s2f.media.urls import VIDEO_ID, check_cookies, check_template, video_path
from s2f.media.youtube import check_youtube
from s2f.params.base import read_section, read_seed
from s2f.params.face_models import FaceModelsParams
from s2f.params.fetching import FetchingParams
from s2f.params.spectrogram import SpectrogramParams
from s2f.params.speech_faces import SpeechFacesParams
from s2f.runtime import InputError

logger = logging.getLogger(__name__)

CODE = (  # what decides a row; how a video is fetched does not. A test names what else is imported, and why it does not
    "s2f.audio.spectrogram",
    "s2f.audio.speech",
    "s2f.corpus.clip_rows",
    "s2f.corpus.faces",
    "s2f.dataset.shards",
    "s2f.decoding",
    "s2f.faces.align",
    "s2f.faces.arcface",
    "s2f.faces.detect",
    "s2f.faces.images",
    "s2f.faces.onnx_models",
    "s2f.media.clip",
)

MEDIA = ".fetched"  # within the corpus's own folder, gone when it is finished

# What changes how shards are built, but not what is in a row.
NOT_IN_ROWS = {"clip_list", "test_list", "max_clips", "validation_share", "test_share", "shard_clips", "workers"}


@dataclass(frozen=True)
class SpeechFaces:
    """The recipe of the paired corpus."""

    params: SpeechFacesParams
    spectrogram: SpectrogramParams
    face_models: FaceModelsParams
    fetching: FetchingParams  # at what pace: no part of a row
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
    def source(self) -> Path:
        """Where the lists lie."""
        return Path(self.params.source)

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
        check_cookies(self.fetching.cookies)
        if self.spectrogram.shape != SPECTROGRAM_SHAPE:
            raise InputError(f"spectrogram: makes {self.spectrogram.shape}; the table holds {SPECTROGRAM_SHAPE} alone.")

    def items(self) -> Iterator[tuple[str, Item]]:
        """Rows of the lists with their split; a video's clips stay together, and so do a person's.

        A test list is the test split: no other clip of its videos and people is used.
        """
        params, known = self.params, clip_labels(Path(self.params.source))
        groups = video_groups((video_of(clip), labels.person) for clip, labels in known.items() if labels.person)

        def group(item: Item) -> str:
            return groups.get(item.batch, item.batch)

        tested, listed = self._listed(params.test_list, known), self._listed(params.clip_list, known)
        if params.max_clips is None:  # else most labels may name clips further down
            warn_of_unused(known, (item.what.id for item in tested + listed), Path(params.source), "clip")
        used = without(listed, tested, group)
        contents = self._contents(tested + used)
        test_share = params.test_share if params.test_list is None else 0.0
        removed = takedowns(self.source)

        def known_of(item: Item) -> Item:
            sha256 = contents.get(item.batch)
            return replace(item, sha256=sha256, removed=removed.name(item.what.id, sha256))

        for item in tested:
            yield TEST, known_of(item)
        for item in used:
            yield split_of(group(item), self.seed, params.validation_share, test_share), known_of(item)

    def _listed(self, name: str | None, known: dict[str, Labels]) -> list[Item]:
        if name is None:
            return []
        rows = read_clip_list(Path(self.params.source, name), self.params.max_clips)
        return [Item(row, known.get(row.id, UNKNOWN)) for row in rows]

    def _contents(self, items: Sequence[Item]) -> dict[str, str | None]:
        """Video → sha256 of its file, where videos are local files."""
        videos = dict.fromkeys(item.what.youtube_id for item in items if isinstance(item.what, Clip))
        paths = {video: video_path(self.params.url, self.params.source, video) for video in videos}
        local = {video: path for video, path in paths.items() if path}
        return dict(zip(local, contents_sha256(local.values()), strict=True))

    def fingerprint(self) -> dict[str, Any]:
        """Everything but the items that decides the rows."""
        return {
            "schema": SCHEMA_VERSION,
            "params": self.params.model_dump(mode="json", exclude=NOT_IN_ROWS),
            "spectrogram": self.spectrogram.model_dump(mode="json"),
            "detector_score": self.face_models.detector_score,
            "arcface": arcface_identity(self.face_models),
        }

    def media(self, out: Path) -> Path:
        """Folder of videos that were fetched."""
        return Path(self.fetching.keep) if self.fetching.keep else out / MEDIA

    def folders(self, out: Path) -> tuple[Path, ...]:
        """Rows', and fetched videos' if they are elsewhere."""
        return (out, self.media(out)) if self.fetching.keep else (out,)

    def tidy(self, out: Path, finished: bool) -> None:
        """Clear fetches that were killed; when all is finished, every video that is not to be kept."""
        Store(self.media(out)).clear_parts()
        if finished:
            (self.media(out) / NO_FORMAT).unlink(missing_ok=True)
        if finished and self.fetching.keep is None:
            shutil.rmtree(self.media(out), ignore_errors=True)

    def forget(self, out: Path, videos: Collection[str]) -> None:
        """Delete videos that were fetched."""
        store = Store(self.media(out))
        for video in videos:
            if VIDEO_ID.fullmatch(video):  # a list of takedowns is written by people, and names all sorts of things
                store.forget(video)

    def waiting(self, out: Path) -> str | None:
        """Why no video is asked for just now, and until when."""
        return breaker_of(self.media(out), self.fetching).notice()

    def rows(self, out: Path) -> Rows:
        """What builds it into this folder, on this machine.

        Raises:
            InputError: it could find no video's format.
        """
        check_youtube(self.params.url)
        from s2f.corpus.clip_rows import ClipRows

        return ClipRows(self.params, self.spectrogram, self.face_models, self.fetching, self.media(out))


def read_speech_faces(params: Path) -> SpeechFaces:
    """The paired corpus that a params file describes.

    Raises:
        InputError: parameters that cannot be used.
    """
    recipe = SpeechFaces(
        read_section(params, "speech_faces", SpeechFacesParams),
        read_section(params, "spectrogram", SpectrogramParams),
        read_section(params, "face_models", FaceModelsParams),
        read_section(params, "fetching", FetchingParams),
        read_seed(params),
    )
    recipe.check()
    return recipe


def without(items: Sequence[Item], tested: Sequence[Item], group: Callable[[Item], str]) -> list[Item]:
    """Items that are not tested themselves, nor of a group that is."""
    ids, groups = {item.what.id for item in tested}, {group(item) for item in tested}
    others = [item for item in items if item.what.id not in ids]
    kept = [item for item in others if group(item) not in groups]
    if len(kept) < len(others):
        left_out = len(others) - len(kept)
        logger.info("%d clips are not used: the test list has others of their video or person.", left_out)
    return kept
