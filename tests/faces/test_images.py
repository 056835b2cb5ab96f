import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from s2f.faces.images import TooManyPixelsError, decode_image, encode_jpeg, encode_png
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


ORIENTATION = 0x0112
UPRIGHT = {  # EXIF's number → what undoes it
    1: lambda pixels: pixels,
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: np.rot90,
}


@pytest.mark.parametrize("number", UPRIGHT)
def test_a_picture_taken_sideways_stands_upright(number):
    exif = Image.Exif()
    exif[ORIENTATION] = number
    content = saved(Image.fromarray(picture()), format="PNG", exif=exif)
    assert np.array_equal(decode_image(content), UPRIGHT[number](picture()))


def test_a_picture_whose_exif_cannot_be_read_is_used_as_it_is_stored():
    content = encode_png(picture())
    assert np.array_equal(decode_image(with_chunk(content, b"eXIf", b"nothing of the kind")), picture())


def test_deep_greys_are_scaled_to_the_nearest():
    deep = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    pixels = decode_image(saved(Image.fromarray(deep), format="PNG"))
    assert np.array_equal(pixels[..., 0], (deep * (255 / 65535)).round())


@pytest.mark.parametrize("with_adobe", [True, False])
def test_cmyk_is_read_inverted_as_adobe_writes_it_whether_or_not_it_says_so(with_adobe):
    colour = (200, 50, 20)
    content = saved(Image.new("RGB", (16, 16), colour).convert("CMYK"), format="JPEG", quality=95)
    if not with_adobe:
        at = content.index(b"Adobe") - 4
        content = content[:at] + content[at + 2 + int.from_bytes(content[at + 2 : at + 4], "big") :]
    assert np.abs(decode_image(content)[0, 0].astype(int) - colour).max() <= 3


def test_animations_give_their_first_frame_and_several_pictures_in_one_file_their_first():
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue", "green")]
    for format in ("GIF", "WEBP", "PNG", "TIFF", "MPO"):
        content = saved(frames[0], format=format, save_all=True, append_images=frames[1:])
        assert decode_image(content).mean((0, 1)) == pytest.approx([255, 0, 0], abs=4), format


def with_chunk(png, kind, content):
    """A PNG with one more chunk behind its header."""
    chunk = struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return png[:33] + chunk + png[33:]


def png_of(width, height):
    """A PNG that claims a size, and holds hardly anything."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = b"IDAT" + zlib.compress(bytes(1000))
    png = b"\x89PNG\r\n\x1a\n"
    for chunk in (b"IHDR" + header, body, b"IEND"):
        png += struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return png


@pytest.mark.parametrize("size", [(8001, 8001), (12_000, 12_000), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_a_picture_of_absurd_size_is_told_by_its_header(size):
    with pytest.raises(TooManyPixelsError, match=r"^a\.png: .*64,000,000 are the most\."):
        decode_image(png_of(*size), "a.png")


def test_a_webp_of_absurd_size_is_told_by_its_header():
    frame = Image.new("RGBA", (16, 16))
    content = bytearray(saved(frame, format="WEBP", save_all=True, append_images=[Image.new("RGBA", (16, 16), "red")]))
    at = content.index(b"VP8X") + 12
    content[at : at + 6] = (16_382).to_bytes(3, "little") * 2
    with pytest.raises(TooManyPixelsError):
        decode_image(bytes(content))


def test_a_jpeg_of_very_many_scans_is_refused_before_they_are_decoded():
    content = saved(Image.fromarray(picture()), format="JPEG", progressive=True)
    last = content[content.rindex(b"\xff\xda") : -2]
    assert decode_image(content[:-2] + last * 20 + content[-2:]).shape == (40, 60, 3)
    with pytest.raises(InputError, match="scans"):
        decode_image(content[:-2] + last * 200 + content[-2:])


def test_what_follows_a_jpeg_is_not_counted_as_scans():
    content = saved(Image.fromarray(picture()), format="JPEG")
    assert decode_image(content + b"\xff\xda" * 1000).shape == (40, 60, 3)


@pytest.mark.parametrize("kind", [b"zTXt", b"iCCP"])
def test_a_text_that_unpacks_to_gigabytes_is_not_unpacked(kind):
    content = with_chunk(encode_png(picture()), kind, b"k\0\0" + zlib.compress(bytes(50_000_000), 9))
    tracemalloc.start()
    with pytest.raises(InputError, match="too large"):
        decode_image(content)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def tiff(entries, after):
    """A grey TIFF, 4×4: its directory's entries, and where the next directory is."""
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    content = b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + packed + struct.pack("<I", after)
    return content.ljust(200, b"\0") + bytes(range(16))


def test_a_tiff_whose_directories_run_in_a_circle_is_read_once():
    size, grey, place = (
        [(256, 4, 1, 4), (257, 4, 1, 4)],
        [(258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)],
        (273, 4, 1, 200),
    )
    ending = [place, (277, 3, 1, 1), (278, 4, 1, 4), (279, 4, 1, 16), (34665, 4, 1, 8)]  # its EXIF is itself
    assert decode_image(tiff([*size, *grey, *ending], after=8)).shape == (4, 4, 3)


@pytest.mark.parametrize(
    "content",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script/></svg>',
        b"<!doctype html><title>404</title>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n",  # would be run as a program
        b"P6 2 2 255 " + bytes(12),
        b"PK\x03\x04" + bytes(60),
    ],
)
def test_formats_that_no_camera_writes_are_not_opened(content):
    with pytest.raises(InputError, match="unknown format"):
        decode_image(content, "a.png")


@pytest.mark.parametrize("content", [b"", b"no picture", encode_png(picture())[:200], encode_jpeg(picture())[:300]])
def test_what_is_no_picture_is_one_sentence(content):
    with pytest.raises(InputError, match=r"^a\.png: not a readable picture") as caught:
        decode_image(content, "a.png")
    assert "0x" not in str(caught.value)  # no address: the same file, the same message
    assert "\n" not in str(caught.value)
