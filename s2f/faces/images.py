"""Pictures as bytes and back, with Pillow alone: GPU boxes that only train need nothing else.

Everything decodes to uint8 (h, w, 3) RGB, upright, whatever the file's colours, depth or orientation tag.
"""

import io
import re
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from s2f.runtime import InputError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")  # Pillow reads stranger ones too, some by other programs
MOST_PIXELS = 64_000_000  # 8000 × 8000: a gigabyte while it is decoded
SCAN = re.compile(rb"\xff\xda\x00(?:\x08\x01|\x0a\x02|\x0c\x03|\x0e\x04)")  # the start of one in a JPEG
MOST_SCANS = 100  # progressive ones have ten or so; at 8000 × 8000 one of a hundred bytes takes a tenth of a second
# What Pillow raises at bytes that are no picture.
BROKEN = (OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, OverflowError, struct.error, zlib.error)


class TooManyPixelsError(InputError):
    """A picture too large to be decoded."""


def decode_image(content: bytes, name: str = "picture") -> NDArray[np.uint8]:
    """uint8 (h, w, 3) RGB; transparent pixels become white, animations their first frame.

    Raises:
        TooManyPixelsError: it claims more than `MOST_PIXELS`; nothing was decoded.
        InputError: `content` is no picture, or is cut off; the sentence opens with `name`.
    """
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            width, height = image.size
            if width * height > MOST_PIXELS:
                raise TooManyPixelsError(f"{name}: {width}×{height} pixels, {MOST_PIXELS:,} are the most.")
            if image.format in ("JPEG", "MPO") and len(SCAN.findall(content)) > MOST_SCANS:
                raise InputError(f"{name}: a JPEG of more than {MOST_SCANS} scans, made to be slow.")
            return np.array(_rgb(_upright(image)))
    except Image.DecompressionBombError:  # Pillow's own bound, which is higher
        raise TooManyPixelsError(f"{name}: too many pixels, {MOST_PIXELS:,} are the most.") from None
    except UnidentifiedImageError:
        reason = "unknown format"
    except InputError:
        raise
    except BROKEN as error:
        reason = " ".join(str(error).split())
    raise InputError(f"{name}: not a readable picture ({reason}); {', '.join(FORMATS)} are.")


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


def _upright(image: Image.Image) -> Image.Image:
    """As its EXIF says it was taken; as it is stored where that cannot be read."""
    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except BROKEN:
        return image


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
    values = np.asarray(image)
    if image.mode != "F":
        return Image.fromarray(((values.clip(0, 65535).astype(np.uint32) + 128) // 257).astype(np.uint8))
    full = 65535 if values.max() > 1 else 1
    return Image.fromarray((values.astype(np.float64).clip(0, full) * (255 / full)).round().astype(np.uint8))
