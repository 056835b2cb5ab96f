"""From a clip of a list to a row of the paired corpus, or the reason why not.

A video is fetched once for all its clips. Sound comes first, being cheap; of the frames only those up to the first one
with exactly one face are decoded.
"""

import functools
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from s2f.audio.spectrogram import CompressedSpectrogram
from s2f.audio.speech import encode_flac, fit
from s2f.corpus.cliplist import BadRow, Clip
from s2f.corpus.faces import face_reader, forget_readers
from s2f.corpus.fetching import Fetching
from s2f.corpus.ledger import Outcome
from s2f.corpus.plan import Item
from s2f.faces.detect import Face, FaceDetector
from s2f.media.clip import Section, read_frames, read_sound
from s2f.media.failures import Failure, unforeseen
from s2f.media.store import Store
from s2f.params.face_models import FaceModelsParams
from s2f.params.fetching import FetchingParams
from s2f.params.spectrogram import SpectrogramParams
from s2f.params.speech_faces import SpeechFacesParams

LOOKS = 3  # at a video that others replace or delete meanwhile


@dataclass(frozen=True)
class ClipRows:
    """Builds rows by these parameters."""

    params: SpeechFacesParams
    spectrogram: SpectrogramParams
    face_models: FaceModelsParams
    fetching: FetchingParams
    media: Path  # folder of videos that were fetched

    def build(self, items: Sequence[Item]) -> Generator[Outcome]:
        """Try items; neighbours of one video share its fetch, and fetching is ahead of looking.

        Raises:
            InputError: weights that cannot be had.
            TryAgainLater: the host refuses, or no video has a format. Nothing that one clip does ends the others.
        """
        face_reader(self.face_models)
        batches = [list(batch) for _, batch in groupby(items, lambda item: item.batch)]
        with Fetching(self.params, self.fetching, self.media, self._most_seconds()) as fetching:
            fetching.begin(batches)
            for batch in batches:
                yield from self._video(batch, fetching)

    def done(self, items: Sequence[Item]) -> None:
        """Let go of what was fetched for items whose rows are written."""
        if self.fetching.keep is None:
            store = Store(self.media)
            for video in {item.what.youtube_id for item in items if isinstance(item.what, Clip)}:
                store.forget(video)

    def _video(self, items: list[Item], fetching: Fetching) -> Iterator[Outcome]:
        for item in items:
            end: dict[str, Any] | Failure
            attempts = 0
            try:
                end, attempts = self._looked_at(self._clip_of(item), fetching)
            except Failure as failure:
                end, attempts = failure, failure.attempts
            except Exception as error:
                end = unforeseen(error, item.what.id)
                forget_readers()
            yield Outcome(item.what.id, end, attempts)

    def _looked_at(self, clip: Clip, fetching: Fetching) -> tuple[dict[str, Any] | Failure, int]:
        """How it ended, and the attempts at fetching it; what others changed while it was read proves nothing."""
        for _ in range(LOOKS):
            video, attempts = fetching.result(clip.youtube_id)
            end: dict[str, Any] | Failure
            before = video.stamp()
            try:
                end = self._row(clip, video.section(clip.start_s, clip.end_s))
            except Failure as failure:
                end, attempts = failure, max(attempts, failure.attempts)
            if before is not None and video.stamp() == before:
                return end, attempts
            fetching.look_again(clip.youtube_id)
        raise Failure("internal_error", f"{clip.youtube_id} was replaced {LOOKS} times while it was read")

    def _most_seconds(self) -> float:
        """Of a clip, that are looked at or listened to."""
        return max(self.spectrogram.clip_seconds, self.params.min_seconds, self.params.face_search_seconds)

    def _clip_of(self, item: Item) -> Clip:
        if isinstance(item.what, BadRow):
            raise Failure("bad_row", item.what.message, attempts=0)
        if not isinstance(item.what, Clip):
            raise TypeError(f"{item.what} is no clip")
        seconds = item.what.end_s - item.what.start_s
        if seconds < self.params.min_seconds:  # known before anything is fetched
            found = f"{seconds:.2f} s in the list, {self.params.min_seconds:g} s are the least"
            raise Failure("too_short", found, attempts=0)
        return item.what

    def _row(self, clip: Clip, section: Section) -> dict[str, Any]:
        params, sound = self.params, self.spectrogram
        speech = read_sound(section, sound.sample_rate, sound.clip_seconds, params.min_seconds)
        reader = face_reader(self.face_models)
        frame_s, frame, face = find_face(section, reader.detector, params.face_search_fps, params.face_search_seconds)
        check_centre(face, frame, clip, params.max_centre_distance)
        return {
            "clip_id": clip.id,
            "youtube_id": clip.youtube_id,
            "start_s": clip.start_s,
            "end_s": clip.end_s,
            "frame_s": frame_s,
            **reader.columns(frame, face, params.face_margin, params.face_px),
            "keypoints": face.keypoints.reshape(-1),
            "spectrogram": spectrogram_of(speech, sound),
            "speech": {"bytes": encode_flac(speech, sound.sample_rate), "path": None},
        }


def find_face(
    section: Section, detector: FaceDetector, fps: float, seconds: float
) -> tuple[float, NDArray[np.uint8], Face]:
    """(seconds into the section, frame, face) of the first frame that shows exactly one.

    Raises:
        Failure: no_face, multiple_faces; or what `read_frames` raises.
    """
    most = looked_at = 0
    for frame_s, frame in read_frames(section, fps, seconds):
        faces = detector.detect(frame)
        if len(faces) == 1:
            return frame_s, frame, faces[0]
        most, looked_at = max(most, len(faces)), looked_at + 1
    if most == 0:
        raise Failure("no_face", f"none in {looked_at} frames")
    raise Failure("multiple_faces", f"up to {most} in {looked_at} frames, never one alone")


def check_centre(face: Face, frame: NDArray[np.uint8], clip: Clip, max_distance: float) -> None:
    """Is it the face that the list means?

    Raises:
        Failure: face_off_centre, further from the list's centre than `max_distance` of the frame's diagonal.
    """
    if clip.x is None or clip.y is None:
        return
    height, width = frame.shape[:2]
    left, top, right, bottom = (float(side) for side in face.box)
    off = np.hypot((left + right) / 2 - clip.x * width, (top + bottom) / 2 - clip.y * height) / np.hypot(width, height)
    if off > max_distance:
        raise Failure("face_off_centre", f"{off:.2f} of the diagonal from the list's centre, {max_distance:g} allowed")


def spectrogram_of(speech: NDArray[np.float32], params: SpectrogramParams) -> NDArray[np.float16]:
    """float16 (598, 257, 2) of any length of speech, repeated or cut."""
    torch.set_num_threads(1)  # every core has a worker of its own
    with torch.inference_mode():
        return _transform(params)(torch.from_numpy(fit(speech, params.samples))).half().numpy()


@functools.cache
def _transform(params: SpectrogramParams) -> CompressedSpectrogram:
    return CompressedSpectrogram(params)
