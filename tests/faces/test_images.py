import io

import numpy as np
import pytest
from PIL import Image

from s2f.faces.images import decode_image, encode_jpeg, encode_png
from s2f.runtime import InputError


def picture(height=40, width=60):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def saved(image, **options):
    sink = io.BytesIO()
    image.save(sink, **options)
    return sink.getvalue()


def test_png_brings_back_every_pixel():
    assert np.array_equal(decode_image(encode_png(picture())), picture())


def test_jpeg_is_near_and_the_same_each_time():
    smooth = np.linspace(0, 255, 40 * 60 * 3).reshape(40, 60, 3).astype(np.uint8)
    content = encode_jpeg(smooth)
    assert content == encode_jpeg(smooth)
    assert np.abs(decode_image(content).astype(int) - smooth).mean() < 2
    assert len(encode_jpeg(picture(), quality=50)) < len(encode_jpeg(picture()))


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "YCbCr", "RGBA", "LA", "I", "I;16", "F"])
def test_every_kind_of_file_becomes_rgb(mode):
    grey = Image.fromarray(np.full((8, 8), 128, np.uint8))
    if mode in ("I", "I;16", "F"):
        image, format = Image.fromarray(np.full((8, 8), 128 * 257, np.uint16)).convert(mode), "TIFF"
    else:
        image, format = grey.convert(mode), "JPEG" if mode in ("CMYK", "YCbCr") else "PNG"
    pixels = decode_image(saved(image, format=format))
    assert pixels.shape == (8, 8, 3) and pixels.dtype == np.uint8
    if mode != "1":
        assert np.abs(pixels.astype(int) - 128).max() <= 2


def test_transparent_becomes_white():
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    assert (decode_image(saved(clear, format="PNG")) == 255).all()


def test_a_picture_taken_sideways_stands_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it a quarter turn clockwise
    content = saved(Image.fromarray(picture()), format="PNG", exif=exif)
    assert np.array_equal(decode_image(content), np.rot90(picture(), -1))


@pytest.mark.parametrize("content", [b"", b"no picture", encode_png(picture())[:200], encode_jpeg(picture())[:300]])
def test_what_is_no_picture_is_one_sentence(content):
    with pytest.raises(InputError, match=r"^a\.png: not a readable picture") as caught:
        decode_image(content, "a.png")
    assert "0x" not in str(caught.value)  # no address: the same file, the same message
    assert "\n" not in str(caught.value)
