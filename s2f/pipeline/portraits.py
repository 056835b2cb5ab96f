"""Portraits as the pipeline's models take them: chosen by a hash of their ids, and as pixels of the right size."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s2f.dataset.choice import unpicked
from s2f.dataset.shards import iterate_rows
from s2f.faces.images import decode_image
from s2f.runtime import InputError

Row = dict[str, Any]


def choose_portraits(folder: Path, count: int) -> list[Row]:
    """What enlarging needs of `count` portraits, chosen by a hash of their ids and in its order."""
    chosen = unpicked((row["image_id"] for row in iterate_rows(folder, ["image_id"])), count)
    wanted = set(chosen)
    rows = iterate_rows(folder, ["image_id", "person", "face", "embedding"])
    by_id = {row["image_id"]: row for row in rows if row["image_id"] in wanted}
    return [by_id[one] for one in chosen]


def portrait_pixels(row: Row, image_px: int) -> NDArray[np.uint8]:
    """uint8 (image_px, image_px, 3) of a portrait.

    Raises:
        InputError: it is not of the size the model makes.
    """
    pixels = decode_image(row["face"]["bytes"], row["image_id"])
    if pixels.shape[:2] != (image_px, image_px):
        raise InputError(
            f"portrait {row['image_id']}: {pixels.shape[1]}×{pixels.shape[0]} px; super_resolution was trained for "
            f"{image_px}×{image_px}: build the portraits again or train again."
        )
    return pixels
