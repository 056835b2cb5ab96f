"""Stage: the test split's voices become faces, for every guidance weight; validation portraits are enlarged again.

    python -m s2f.stages.generate_faces --speech-faces data/speech_faces --portraits data/portraits \
        --pipeline data/models/pipeline --out data/generated

Writes faces/NNNNN.parquet, heard/00000.parquet and enlarged/00000.parquet. A shard carries a key of all that decides
its content (weights, parameters, inputs, code), so a run goes on where another was killed and keeps nothing stale.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from s2f.code import code_sha256
from s2f.dataset.schemas import ENLARGED, GENERATED, HEARD
from s2f.dataset.shards import is_shard, iterate_rows, shard_name, shard_paths, write_shard
from s2f.faces.images import encode_png
from s2f.params.base import read_section, read_seed
from s2f.params.generation import GenerationParams
from s2f.pipeline import SpeechToFacePipeline
from s2f.pipeline.folder import ERROR
from s2f.pipeline.pixels import from_pixels, to_pixels
from s2f.pipeline.portraits import choose_portraits, portrait_pixels
from s2f.runtime import InputError, derive_seed, file_sha256, progress, run_command

log = logging.getLogger(__name__)

KEY = b"s2f.key"
CODE = (  # what draws; a test names what else is imported, and why it does not
    "s2f.audio.waveform", "s2f.dataset.choice", "s2f.dataset.shards", "s2f.diffusion.guidance",
    "s2f.diffusion.sampling", "s2f.diffusion.schedule", "s2f.diffusion.solvers", "s2f.faces.images",
    "s2f.models.attributes", "s2f.models.blocks", "s2f.models.conditioning", "s2f.models.encoders",
    "s2f.models.face_decoder", "s2f.models.shortcut", "s2f.models.speech_encoder", "s2f.models.speech_transformer",
    "s2f.models.super_resolution", "s2f.models.weights", "s2f.params.labels", "s2f.pipeline.cores",
    "s2f.pipeline.denoisers", "s2f.pipeline.pixels", "s2f.pipeline.portraits", "s2f.pipeline.speech_to_face",
    "s2f.runtime", "s2f.stages.generate_faces",
)  # fmt: skip
Row = dict[str, Any]


def main(speech_faces: Path, portraits: Path, pipeline: Path, out: Path, params: Path = Path("params.yaml")) -> None:
    """Hear every test voice, draw its faces, enlarge some portraits."""
    generation = read_section(params, "generation", GenerationParams)
    seed = read_seed(params)
    loaded = SpeechToFacePipeline.from_pretrained(pipeline)
    heard = hear_voices(loaded, speech_faces / "test", out / "heard")
    draw_faces(loaded, heard, generation, seed, out / "faces")
    enlarge_portraits(loaded, portraits / "validation", generation, seed, out / "enlarged")


def hear_voices(pipeline: SpeechToFacePipeline, folder: Path, out: Path) -> list[Row]:
    """Rows of HEARD: what the encoder made of every voice of `folder`, in order; also written to `out`."""
    shards = shard_paths(folder)
    key = digest(pipeline.models.sha256["speech_encoder"], [file_sha256(path) for path in shards])

    def rows() -> list[Row]:
        found = []
        for ids, spectrograms in read_spectrograms(shards):
            embeddings = pipeline.encode_spectrogram(torch.from_numpy(spectrograms)).cpu().numpy()
            found += [{"clip_id": name, "embedding": row} for name, row in zip(ids, embeddings, strict=True)]
        if not found:
            raise InputError(f"{folder}: holds no voices to draw faces for.")
        return found

    write_if_stale(out / shard_name(0), HEARD, key, rows)
    prune(out, 1)
    return list(iterate_rows(out))


def draw_faces(
    pipeline: SpeechToFacePipeline, heard: list[Row], generation: GenerationParams, seed: int, out: Path
) -> None:
    """GENERATED shards of `shard_clips` voices each."""
    drawing = pipeline.drawing
    walks = drawing.decode, drawing.enlarge, drawing.noise_level
    settings = [generation.guidance, generation.samples, walks, deciding(pipeline)]
    shards = list(split(heard, generation.shard_clips))
    per_clip = len(generation.guidance) * generation.samples
    with progress() as bar:
        task = bar.add_task("faces", total=len(heard) * per_clip, note="")
        for index, voices in enumerate(shards):
            # Voices and weights share batches; a sample's noise is the same for every weight.
            jobs = list(split(product(voices, generation.guidance, range(generation.samples)), generation.batch))

            def rows(jobs: list[Any] = jobs) -> list[Row]:
                found: list[Row] = []
                for batch in jobs:
                    found += draw(pipeline, batch, seed)
                    bar.advance(task, len(batch))
                return found

            told = [[row["clip_id"], row["embedding"]] for row in voices]
            write_if_stale(out / shard_name(index), GENERATED, digest(settings, seed, told), rows)
            bar.update(task, completed=sum(map(len, shards[: index + 1])) * per_clip)
    prune(out, len(shards))


def draw(pipeline: SpeechToFacePipeline, batch: Sequence[tuple[Row, float, int]], seed: int) -> list[Row]:
    """Rows of GENERATED for (voice, w, number) each."""
    embeddings = torch.tensor([voice["embedding"] for voice, _, _ in batch])
    seeds = [derive_seed(seed, "face", voice["clip_id"], number) for voice, _, number in batch]
    guidance = torch.tensor([w for _, w, _ in batch], dtype=torch.float32)
    small = pipeline.decode_parts(embeddings, seeds, guidance)
    large = enlarged(pipeline, small, embeddings, seeds)
    return [
        {
            "clip_id": voice["clip_id"],
            "guidance": w,
            "sample": number,
            "seed": own,
            "small": media(encode_png(little)),
            "face": media(encode_png(face)),
        }
        for (voice, w, number), own, little, face in zip(batch, seeds, to_pixels(small), large, strict=True)
    ]


def enlarged(
    pipeline: SpeechToFacePipeline, small: Tensor, embeddings: Tensor, seeds: Sequence[int]
) -> list[NDArray[np.uint8]]:
    """Pictures (S, S, 3) of small faces (b, 3, s, s), a part in memory at a time."""
    return [one for _, part in pipeline.enlarge_parts(small, embeddings, seeds) for one in to_pixels(part)]


def deciding(pipeline: SpeechToFacePipeline) -> dict[str, str]:
    """Hashes of the files that decide a picture: of variances only where they are drawn with."""
    walks = pipeline.drawing.decode, pipeline.drawing.enlarge
    analytic = any(walk.sampler == "analytic" for walk in walks)
    return {name: value for name, value in pipeline.models.sha256.items() if analytic or not name.endswith(ERROR)}


def enlarge_portraits(
    pipeline: SpeechToFacePipeline, folder: Path, generation: GenerationParams, seed: int, out: Path
) -> None:
    """One ENLARGED shard: some portraits, shrunk by area, enlarged by the model (true embedding) and bicubic."""
    portraits = choose_portraits(folder, generation.super_resolution_pictures)
    own = {name: value for name, value in deciding(pipeline).items() if name.startswith("super_resolution")}
    told = [row | {"face": hashlib.sha256(row["face"]["bytes"]).hexdigest()} for row in portraits]
    key = digest(own, pipeline.drawing.enlarge, pipeline.drawing.noise_level, seed, told)

    def rows() -> list[Row]:
        batches = split(portraits, generation.batch)
        return [row for batch in batches for row in shrink_and_enlarge(pipeline, batch, seed)]

    write_if_stale(out / shard_name(0), ENLARGED, key, rows)
    prune(out, 1)


def shrink_and_enlarge(pipeline: SpeechToFacePipeline, batch: Sequence[Row], seed: int) -> list[Row]:
    """Rows of ENLARGED for rows of PORTRAITS."""
    small_px, image_px = pipeline.small_px, pipeline.image_px
    true = from_pixels(np.stack([portrait_pixels(row, image_px) for row in batch]))
    small = functional.interpolate(true, size=(small_px, small_px), mode="area")
    bicubic = functional.interpolate(small, size=(image_px, image_px), mode="bicubic").clamp(-1, 1)
    seeds = [derive_seed(seed, "portrait", row["image_id"]) for row in batch]
    large = enlarged(pipeline, small, torch.tensor([row["embedding"] for row in batch]), seeds)
    return [
        {
            "image_id": row["image_id"],
            "person": row["person"],
            "true": row["face"],
            "small": media(encode_png(little)),
            "super_resolution": media(encode_png(face)),
            "bicubic": media(encode_png(smooth)),
        }
        for row, little, face, smooth in zip(batch, to_pixels(small), large, to_pixels(bicubic), strict=True)
    ]


def read_spectrograms(shards: Sequence[Path]) -> Iterator[tuple[list[str], NDArray[np.float16]]]:
    """Ids and spectrograms (n, frames, bins, 2), a row group in memory at a time."""
    for path in shards:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group, columns=["clip_id", "spectrogram"])
                tensor = table["spectrogram"].combine_chunks()
                chunks = tensor.chunks if isinstance(tensor, pa.ChunkedArray) else [tensor]
                yield table["clip_id"].to_pylist(), np.concatenate([chunk.to_numpy_ndarray() for chunk in chunks])


def split(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Lists of `size` items, the last one shorter."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def media(content: bytes) -> Row:
    """A picture as tables hold it."""
    return {"bytes": content, "path": None}


def digest(*parts: Any) -> str:
    """One hash of values JSON can hold and of the code that draws."""
    return hashlib.sha256(json.dumps([code_sha256(CODE), *parts], sort_keys=True).encode()).hexdigest()


def write_if_stale(path: Path, schema: pa.Schema, key: str, rows: Callable[[], list[Row]]) -> None:
    """Compute and write a shard, unless the one that lies there was written under the same key."""
    if read_key(path) == key and is_shard(path, schema):
        log.info("%s is up to date", path)
        return
    write_shard(rows(), schema.with_metadata({KEY: key.encode()}), path)


def read_key(path: Path) -> str | None:
    """The key a shard was written under; None if there is no complete shard."""
    try:
        return (pq.read_schema(path).metadata or {}).get(KEY, b"").decode()
    except (OSError, pa.ArrowInvalid):
        return None


def prune(folder: Path, shards: int) -> None:
    """Remove what no longer belongs beside the first so many shards: surplus ones, halves of a killed run."""
    wanted = {shard_name(index) for index in range(shards)}
    for path in folder.iterdir():
        if path.name not in wanted:
            path.unlink()


if __name__ == "__main__":
    run_command(main)
