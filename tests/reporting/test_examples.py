import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from s2f.dataset.schemas import MEASURED
from s2f.dataset.shards import write_shard
from s2f.reporting.examples import Voice, read_ages, read_opinions, shown, spectrogram_picture
from s2f.reporting.figures import ageless
from s2f.reporting.pages import data_uri, markdown_text
from s2f.reporting.pictures import sheet
from s2f.reporting.render import fitting


def png(px: int) -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", (px, px), (10, 200, 30)).save(sink, format="PNG")
    return sink.getvalue()


@pytest.mark.parametrize("w", [0.1, 2.0])
def test_ages_are_found_at_every_w_though_tables_round_it(tmp_path: Path, w: float) -> None:
    empty = {field.name: None for field in MEASURED}
    places: list[tuple[str, float | None, int | None, float]] = [("true", None, None, 30.0)]
    places += [("generated", w, 0, 40.0), ("generated", w, 1, 50.0), ("generated", 1.5, 0, 60.0)]
    rows = [
        empty | {"source": source, "id": "a", "faces": 1, "guidance": guidance, "sample": sample, "age": age}
        for source, guidance, sample, age in places
    ]
    write_shard([*rows, rows[1] | {"id": "without a true face"}], MEASURED, tmp_path / "00000.parquet")
    assert read_ages(tmp_path, f"{w:g}") == [(30.0, 40.0)]


def test_a_judged_age_below_0_has_a_true_minus(tmp_path: Path) -> None:
    row = {field.name: None for field in MEASURED} | {"source": "true", "id": "a", "faces": 1, "age": -4.2, "male": 0.1}
    write_shard([row], MEASURED, tmp_path / "00000.parquet")
    assert read_opinions(tmp_path, ["a"]) == {("a", None): "−4 y, f"}


def test_ages_that_nobody_has_are_counted_in_a_sentence() -> None:
    assert ageless([(20.0, 0.0), (100.0, 30.0)]) == ""
    assert ageless([(20.0, -1.0), (30.0, 30.0)]).startswith("Of these 4 faces 1 is judged younger than 0 or older than")
    assert ageless([(-0.5, 101.0)]).startswith("Of these 2 faces 2 are judged")


def test_large_pictures_shrink_and_tiny_ones_keep_every_pixel() -> None:
    with Image.open(io.BytesIO(shown(png(600)))) as image:
        assert max(image.size) == 192
    with Image.open(io.BytesIO(shown(png(32)))) as image:
        assert (image.format, image.size, image.getpixel((0, 0))) == ("PNG", (32, 32), (10, 200, 30))


def test_a_spectrogram_is_drawn_with_low_pitch_below() -> None:
    spectrogram = np.zeros((598, 257, 2), np.float16)
    spectrogram[:, :20] = 1.0
    with Image.open(io.BytesIO(spectrogram_picture(spectrogram))) as image:
        grey = np.asarray(image.convert("L"))
    assert grey[-2].mean() < 60 and grey[2].mean() > 200
    assert spectrogram_picture(np.zeros((598, 257, 2), np.float16))  # silence


def test_a_sheet_has_a_cell_for_every_picture_even_a_missing_one() -> None:
    with Image.open(io.BytesIO(sheet(["a", "b"], [[png(32), None], [png(200), png(128)]]))) as image:
        assert image.size == (2 * 134 + 6, 26 + 2 * 134 + 6)


def test_voices_are_shown_only_while_the_page_stays_small() -> None:
    voices = [Voice(str(index), bytes(400), bytes(50), bytes(50)) for index in range(5)]
    assert [one.clip_id for one in fitting(voices, 1200)] == ["0", "1"]


def test_data_addresses_name_their_kind() -> None:
    assert data_uri(png(4)).startswith("data:image/png;base64,")
    assert data_uri(b"fLaC....").startswith("data:audio/flac;base64,")


def test_markdown_shows_text_as_it_is() -> None:
    assert markdown_text("a|b <i> *c*\n# d &") == r"a\|b \<i\> \*c\* \# d &amp;"
