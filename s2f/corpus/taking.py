"""What a planned build takes in room and time, as sentences, from what there is already or from a stated guess."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from s2f.corpus.outlook import bytes_of_a_row
from s2f.params.base import read_section
from s2f.params.building import BuildingParams
from s2f.params.fetching import FetchingParams
from s2f.params.portraits import PortraitsParams
from s2f.params.spectrogram import SpectrogramParams
from s2f.params.speech_faces import SpeechFacesParams

JPEG = 0.5  # bytes a pixel of a face at quality 95, about
FLAC = 0.6  # of the sound's own bytes, about


def what_it_takes(name: str, params: Path, out: Path, planned: dict[str, Any]) -> Iterator[str]:
    """Sentences about what is still to do, by the outlook's row for all splits."""
    size, rows = bytes_of_a_row(out, row_guess(name, params))
    source = f"the mean of {rows:,} rows so far" if rows else "a guess: nothing was built yet"
    there = next(folder for folder in (out.absolute(), *out.absolute().parents) if folder.exists())
    free = shutil.disk_usage(there).free
    todo = planned["to_do"]
    yield (
        f"Room: {todo:,} rows of {size / 1e6:.2f} MB ({source}) are {todo * size / 1e9:,.1f} GB if all are kept; "
        f"{free / 1e9:,.1f} GB are free."
    )
    if name == "speech_faces":
        yield _time(params, planned["videos_to_do"])


def row_guess(name: str, params: Path) -> float:
    """Bytes of a row by its parts' sizes."""
    if name == "portraits":
        return JPEG * read_section(params, "portraits", PortraitsParams).face_px ** 2
    face = JPEG * read_section(params, "speech_faces", SpeechFacesParams).face_px ** 2
    sound = read_section(params, "spectrogram", SpectrogramParams)
    frames, bins, parts = sound.shape
    return face + 2 * frames * bins * parts + FLAC * 2 * sound.samples


def _time(params: Path, videos: int) -> str:
    speech_faces, building = (
        read_section(params, "speech_faces", SpeechFacesParams),
        read_section(params, "building", BuildingParams),
    )
    if speech_faces.url.startswith("file:"):
        return "Time: as long as decoding takes; videos are local files."
    pace = read_section(params, "fetching", FetchingParams).videos_per_hour
    if pace is None:
        return f"Time: {videos:,} videos as fast as they come; fetching.videos_per_hour sets a pace."
    if building.runner == "threads":
        return f"Time: {videos:,} videos at {pace:g} an hour (fetching.videos_per_hour) are {_long(videos / pace)}."
    if building.address is None:
        count = speech_faces.workers
        shared = f"{_long(videos / pace / count)} for the cluster's {count} processes"
    else:
        shared = f"{_long(videos / pace)} divided by the processes of the cluster"
    return (
        f"Time: {videos:,} videos are {shared}, each at {pace:g} an hour (fetching.videos_per_hour), "
        "a rate that a host sees from all of them together."
    )


def _long(hours: float) -> str:
    return f"{hours:,.1f} hours" if hours < 48 else f"{hours / 24:,.1f} days"
