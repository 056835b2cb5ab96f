"""The rows that all contestants read: shards as the product writes them, of values such as a corpus has."""

import numpy as np

from s2f.dataset.schemas import PORTRAITS, SPECTROGRAM_SHAPE, SPEECH_FACES
from s2f.dataset.shards import shard_name, write_shard
from s2f.faces.images import encode_jpeg
from s2f.sample.canvas import Pose
from s2f.sample.law import draw_identity, look_of
from s2f.sample.portrait import draw_portrait
from s2f.sample.scene import draw_scene

KINDS = {"spectrogram": 1024, "face 128": 8192, "face 512": 2048}  # rows
PER_SHARD, FACES = 128, 64  # different faces; a picture's bytes are what costs, not who it shows


def write(kind, folder):
    """All rows of a kind."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    schema = SPEECH_FACES if kind == "spectrogram" else PORTRAITS
    faces = [] if kind == "spectrogram" else pictures(int(kind.split()[1]), rng)
    empty = dict.fromkeys(schema.names)
    for first in range(0, KINDS[kind], PER_SHARD):
        rows = []
        for number in range(first, first + PER_SHARD):
            vector = rng.normal(size=512).astype(np.float32)
            row = {"embedding": vector / np.linalg.norm(vector)}
            if faces:
                row["face"] = {"bytes": faces[number % FACES], "path": None}
            else:
                values = rng.normal(size=SPECTROGRAM_SHAPE)
                row["spectrogram"] = (np.sign(values) * np.abs(0.1 * values) ** 0.3).astype(np.float16)
            rows.append(empty | row)
        write_shard(rows, schema, folder / shard_name(first // PER_SHARD))


def pictures(side, rng):
    """JPEGs of drawn people, with a camera's noise."""
    found = []
    for _ in range(FACES):
        scene, pose = draw_scene(rng), Pose((0.5 * side, 0.47 * side), 0.3 * side)
        clean = draw_portrait(look_of(draw_identity(rng)), scene, side, side, pose)
        found.append(encode_jpeg(np.clip(clean + rng.normal(0, 4, clean.shape), 0, 255).astype(np.uint8)))
    return found
