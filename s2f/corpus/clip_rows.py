"""From a clip of a list to a row of the paired corpus, or the reason why not.

A video is fetched once for all its clips. Sound comes first, being cheap; of the frames only those up to the first one
with exactly one face are decoded.
"""

import functools
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
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
from s2f.corpus.labels import Labels
from s2f.corpus.ledger import Outcome
from s2f.corpus.plan import Item
from s2f.faces.detect import Face, FaceDetector
from s2f.media.clip import Section, read_frames, read_sound
from s2f.media.failures import Failure, unforeseen
from s2f.media.fetch import Fetched, fetch_video
from s2f.media.pace import pace_of
from s2f.media.patience import patiently
from s2f.media.urls import video_path, video_url
from s2f.params.face_models import FaceModelsParams
from s2f.params.fetching import FetchingParams
from s2f.params.spectrogram import SpectrogramParams
from s2f.params.speech_faces import SpeechFacesParams


@dataclass(frozen=True)
class ClipRows:
    """Builds rows by these parameters."""

    params: SpeechFacesParams
    spectrogram: SpectrogramParams
    face_models: FaceModelsParams
    fetching: FetchingParams

    def build(self, items: Sequence[Item]) -> Iterator[Outcome]:
        """Try items; neighbours of one video share its fetch.

        Raises:
            InputError: weights that cannot be had. Nothing that one clip does ends the others.
        """
        face_reader(self.face_models)
        for _, batch in groupby(items, lambda item: item.batch):
            yield from self._video(list(batch))

    def _video(self, items: list[Item]) -> list[Outcome]:
        with tempfile.TemporaryDirectory(prefix="s2f-") as folder:
            outcomes = []
            fetched: tuple[Fetched, int] | Failure | None = None
            for item in items:
                end: dict[str, Any] | Failure
                attempts = 0  # of fetching it
                try:
                    clip = self._clip_of(item)
                    if fetched is None:
                        fetched = self._fetch(clip.youtube_id, items, Path(folder))
                    if isinstance(fetched, Failure):
                        raise fetched
                    video, attempts = fetched
                    end = self._row(clip, item.labels, video.section(clip.start_s, clip.end_s))
                except Failure as failure:
                    end, attempts = failure, max(attempts, failure.attempts)
                except Exception as error:
                    end = unforeseen(error, item.what.id)
                    forget_readers()
                outcomes.append(Outcome(item.what.id, end, attempts))
            return outcomes

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

    def _fetch(self, youtube_id: str, items: list[Item], folder: Path) -> tuple[Fetched, int] | Failure:
        """The video, in as far as its clips are looked at and listened to."""
        params = self.params
        most = max(self.spectrogram.clip_seconds, params.min_seconds, params.face_search_seconds)
        clips = [item.what for item in items if isinstance(item.what, Clip)]
        used = [clip for clip in clips if clip.end_s - clip.start_s >= params.min_seconds]
        spans = sorted({(clip.start_s, min(clip.end_s, clip.start_s + most)) for clip in used})

        def attempt() -> Fetched:
            url = video_url(params.url, params.source, youtube_id)
            if video_path(params.url, params.source, youtube_id) is not None:  # a local file, asked of nobody
                return fetch_video(url, folder, spans, self.fetching, params.max_height)
            with pace_of(self.fetching).turn():
                return fetch_video(url, folder, spans, self.fetching, params.max_height)

        try:
            return patiently(attempt, self.fetching)
        except Failure as failure:
            return failure

    def _row(self, clip: Clip, labels: Labels, section: Section) -> dict[str, Any]:
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
            **asdict(labels),
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
