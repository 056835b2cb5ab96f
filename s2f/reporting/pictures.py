"""Contact sheets: voices and their faces, portraits and their enlargements, as one PNG each."""

import io

from PIL import Image, ImageDraw, ImageFont

from s2f.reporting.examples import Portrait, Voice

CELL, GAP, HEAD = 128, 6, 26  # pixels
PAPER, INK = "white", "#222222"


def faces_sheet(voices: list[Voice]) -> bytes:
    """A row per voice: the true face, then the generated ones by w."""
    weights = sorted({w for voice in voices for w in voice.faces}, key=float)
    head = ["true face", *(f"w = {w}" for w in weights)]
    rows = [[voice.true, *(voice.faces[w].face if w in voice.faces else None for w in weights)] for voice in voices]
    return sheet(head, rows)


def portraits_sheet(portraits: list[Portrait]) -> bytes:
    """A row per portrait: true, shrunk, enlarged bicubically, enlarged by super-resolution."""
    head = ["true", "shrunk", "bicubic", "super-resolution"]
    return sheet(head, [[one.true, one.small, one.bicubic, one.super_resolution] for one in portraits])


def sheet(head: list[str], rows: list[list[bytes | None]]) -> bytes:
    """PNG of pictures in a grid under its column heads; a missing picture is an empty cell."""
    width, height = len(head) * (CELL + GAP) + GAP, HEAD + len(rows) * (CELL + GAP) + GAP
    page = Image.new("RGB", (width, height), PAPER)
    pen = ImageDraw.Draw(page)
    font = ImageFont.load_default(size=14)
    for column, text in enumerate(head):
        x = GAP + column * (CELL + GAP)
        pen.text((x + CELL // 2, HEAD // 2 + 2), text, fill=INK, font=font, anchor="mm")
        for row, cells in enumerate(rows):
            content = cells[column]
            if content is not None:
                page.paste(_cell(content), (x, HEAD + GAP // 2 + row * (CELL + GAP)))
    sink = io.BytesIO()
    page.save(sink, format="PNG", optimize=True)
    return sink.getvalue()


def _cell(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content)) as image:
        picture = image.convert("RGB")
    # A shrunk portrait is shown with its pixels, nothing smoothed.
    kind = Image.Resampling.NEAREST if picture.width < CELL else Image.Resampling.LANCZOS
    return picture.resize((CELL, CELL), kind)
