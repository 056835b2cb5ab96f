"""Pictures as bytes and back, with Pillow alone: GPU boxes that only train need nothing else.

Everything decodes to uint8 (h, w, 3) RGB, upright, whatever the file's colours, depth or orientation tag.
"""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from s2f.runtime import InputError


def decode_image(content: bytes, name: str = "picture") -> NDArray[np.uint8]:
    """uint8 (h, w, 3) RGB; transparent pixels become white, animations their first frame.

    Raises:
        InputError: `content` is no picture, is cut off, or claims an absurd size; the sentence opens with `name`.
    """
    try:
        with Image.open(io.BytesIO(content)) as image:
            return np.array(_rgb(ImageOps.exif_transpose(image)))
    except UnidentifiedImageError:
        reason = "unknown format"
    except (Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        reason = " ".join(str(error).split())
    raise InputError(f"{name}: not a readable picture ({reason}); JPEG, PNG, WebP and the like are.")


def encode_jpeg(image: NDArray[np.uint8], quality: int = 95) -> bytes:
    """JPEG of a uint8 (h, w, 3) RGB picture, colours at full resolution."""
    return _encode(image, format="JPEG", quality=quality, subsampling=0)


def encode_png(image: NDArray[np.uint8]) -> bytes:
    """PNG of a uint8 (h, w, 3) RGB picture, without loss."""
    return _encode(image, format="PNG")


def _encode(image: NDArray[np.uint8], **options: object) -> bytes:
    sink = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(sink, **options)  # type: ignore[arg-type]
    return sink.getvalue()


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return _eight_bit(image).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")


def _eight_bit(image: Image.Image) -> Image.Image:
    # Pillow clips deep greys at 255 instead of scaling them.
    values = np.asarray(image, np.float64)
    full = 65535 if image.mode != "F" or values.max() > 1 else 1
    return Image.fromarray((values.clip(0, full) * (255 / full)).round().astype(np.uint8))
