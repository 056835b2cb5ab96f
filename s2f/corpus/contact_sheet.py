"""Some of the faces of a corpus on one picture, so that whoever watches a build sees what it keeps."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from s2f.corpus.splits import SPLITS
from s2f.dataset.shards import shard_paths
from s2f.faces.images import decode_image, encode_jpeg

SIDE_PX = 96  # of a face on the sheet
ACROSS = 8
MOST = 3 * ACROSS


def contact_sheet(out: Path) -> bytes | None:
    """JPEG of up to MOST faces, spread evenly over the shards there are; None while there is none."""
    paths = [path for split in SPLITS for path in shard_paths(out / split)]
    each = -(-MOST // len(paths)) if paths else 0
    chosen = (
        [paths[place] for place in sorted({round(p) for p in np.linspace(0, len(paths) - 1, MOST)})] if paths else []
    )
    faces = [face for path in chosen for face in _first_faces(path, each)][:MOST]
    if not faces:
        return None
    rows = -(-len(faces) // ACROSS)
    sheet = Image.new("RGB", (ACROSS * SIDE_PX, rows * SIDE_PX), "white")
    for number, content in enumerate(faces):
        face = Image.fromarray(decode_image(content)).resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
        sheet.paste(face, (number % ACROSS * SIDE_PX, number // ACROSS * SIDE_PX))
    return encode_jpeg(np.asarray(sheet), quality=85)


def _first_faces(path: Path, most: int) -> list[bytes]:
    """JPEGs of a shard's first rows; none of one that is being replaced just now."""
    try:
        with pq.ParquetFile(path) as file:
            rows = file.read_row_group(0, columns=["face"]).slice(0, most).to_pylist()
    except (OSError, pa.ArrowInvalid):
        return []
    return [row["face"]["bytes"] for row in rows]
