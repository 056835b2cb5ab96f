"""The web page: a voice in, faces out, on this machine alone. What it does stands in s2f/app/studio.py."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr

from s2f.app import studio
from s2f.app.studio import Asked, Face
from s2f.app.words import FOOTER, INTRODUCTION, KEPT_MINUTES, LIMITS
from s2f.params.labels import OLDEST
from s2f.pipeline import SpeechToFacePipeline
from s2f.runtime import InputError

AS_HEARD = "as the voice has it"
GENDERS = {AS_HEARD: None, "female": "f", "male": "m"}
MOST_FACES = 8
ONE_AT_A_TIME: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "drawing"}  # all others wait in the queue
PICTURES: dict[str, Any] = {
    "show_label": False, "format": "png", "object_fit": "contain", "height": "auto", "interactive": False,
    "buttons": ["fullscreen", "download"],
}  # fmt: skip
Gallery = list[tuple[Any, str]]


def make_page(pipeline: SpeechToFacePipeline, examples: list[Path] | None = None) -> gr.Blocks:
    """The page around a loaded pipeline; `examples` are recordings to try."""
    with gr.Blocks(
        title="s2f: speech in, faces out", analytics_enabled=False, delete_cache=(60, 60 * KEPT_MINUTES)
    ) as page:
        gr.Markdown(INTRODUCTION)
        with gr.Row():
            with gr.Column():
                voice = gr.Audio(
                    sources=["upload", "microphone"], type="filepath", label="A voice", buttons=["download"]
                )
                gr.Markdown(LIMITS)
                if examples:
                    gr.Examples([[str(path)] for path in examples], voice, label="Voices that no model has heard")
                heard = gr.Image(
                    label="What the model hears: time →, frequency ↑", format="png", height=180, buttons=[]
                )
                guidance = gr.Slider(
                    0,
                    4,
                    min(4.0, max(0.0, pipeline.drawing.guidance)),
                    step=0.5,
                    label="Guidance w: 0 as trained, more exaggerates",
                )
                number = gr.Slider(1, MOST_FACES, 4, step=1, label="Faces")
                kept = gr.Dropdown(
                    [], multiselect=True, allow_custom_value=True, label="Seeds to keep: click a face to keep its own"
                )
                age = gr.Number(
                    None,
                    label="Age in years; empty: as the voice has it",
                    minimum=0,
                    maximum=OLDEST,
                    visible="age" in pipeline.attributes,
                )
                gender = gr.Radio(
                    list(GENDERS), value=AS_HEARD, label="Gender", visible="gender" in pipeline.attributes
                )
                button = gr.Button("Draw faces", variant="primary")
            with gr.Column():
                gr.Markdown("## Guesses, not identifications")
                said = gr.HTML(status("No faces yet."))
                faces = gr.Gallery(label="Faces drawn for the voice", elem_id="faces", **PICTURES)
                download = gr.DownloadButton("Download the faces, with what made them", interactive=False)
                stripe = gr.Button("One face at every guidance")
                strip = gr.Gallery(label="One seed, w = 0 to 4", elem_id="strip", **PICTURES)
        gr.Markdown(FOOTER)
        asked = [age, gender]
        events = Events(pipeline)
        voice.change(events.hear, voice, [heard, said], show_progress="hidden")
        wanted = [voice, guidance, number, kept, *asked]
        button.click(events.draw, wanted, [said, faces, download], **ONE_AT_A_TIME, api_name="draw")
        stripe.click(events.strip, [voice, kept, faces, *asked], [said, strip], **ONE_AT_A_TIME, api_name="strip")
        faces.select(events.keep, [kept, faces], kept, show_progress="hidden", api_visibility="private")
    return page


class Events:
    """What happens at a click; what cannot be used is shown in one sentence, without the server's folders."""

    def __init__(self, pipeline: SpeechToFacePipeline) -> None:
        self._pipeline = pipeline

    def hear(self, path: str | None) -> tuple[Any, str]:
        """The spectrogram of what was recorded or dropped, as soon as it is there."""
        if path is None:
            return None, status("No faces yet.")
        try:
            speech = studio.hear(self._pipeline, Path(path))
        except InputError as error:
            return None, status(without_folders(error))
        return studio.spectrogram_picture(self._pipeline, speech), status("A voice is heard. Draw its faces.")

    def draw(
        self, path: str | None, guidance: float, number: int, kept: list[str], age: float | None, gender: str
    ) -> Iterator[tuple[str, Gallery, Any]]:
        """Faces, coarse first, then enlarged; in the end the file to download."""
        asked, found = Asked(age, GENDERS[gender]), list[Face]()
        with shown_errors():
            speech = self._speech(path)
            seeds = studio.choose_seeds([str(one) for one in kept or []], int(number))
            weights = [float(guidance)] * len(seeds)
            for step, found in enumerate(studio.draw(self._pipeline, speech, seeds, weights, asked)):
                said = f"{counted(seeds)}, drawn small." if step == 0 else f"{counted(seeds)}, being enlarged."
                yield status(said), gallery(found), gr.DownloadButton(interactive=False)
        with tempfile.TemporaryDirectory(prefix="s2f-") as folder:
            packed = Path(folder, "faces.zip")
            packed.write_bytes(studio.packed(self._pipeline, found, asked))
            guess = "It is a guess" if len(found) == 1 else "They are guesses"
            said = f"{counted(found)}. {guess}: a face from a voice identifies nobody."
            yield status(said), gallery(found), gr.DownloadButton(value=str(packed), interactive=True)

    def strip(
        self, path: str | None, kept: list[str], shown: Gallery | None, age: float | None, gender: str
    ) -> Iterator[tuple[str, Gallery]]:
        """One seed at every w: the first that is kept, or the first face's."""
        with shown_errors():
            speech = self._speech(path)
            first = [str(one) for one in kept or []] or [seed_of(caption) for _, caption in shown or []]
            seeds = studio.choose_seeds(first[:1], 1) * len(studio.STRIP)
            for found in studio.draw(self._pipeline, speech, seeds, list(studio.STRIP), Asked(age, GENDERS[gender])):
                yield status(f"Seed {seeds[0]} at w = 0 to 4."), [(face.image, face.weight) for face in found]

    def keep(self, kept: list[str], shown: Gallery, event: gr.SelectData) -> list[str]:
        """The seeds to keep, and that of the face that was clicked."""
        seed = seed_of(shown[event.index][1])
        return [*dict.fromkeys([*(kept or []), seed])]

    def _speech(self, path: str | None) -> Any:
        if path is None:
            raise InputError("Record a voice or drop a sound file first.")
        return studio.hear(self._pipeline, Path(path))


@contextmanager
def shown_errors() -> Iterator[None]:
    """Sentences of ours become the page's."""
    try:
        yield
    except InputError as error:
        raise gr.Error(without_folders(error), print_exception=False) from None


def without_folders(error: InputError) -> str:
    """The sentence as a visitor may read it: ffmpeg names files by the server's folders."""
    return re.sub(r"\S*/", "", str(error))


def gallery(faces: list[Face]) -> Gallery:
    """As the page shows them."""
    return [(face.image, face.caption) for face in faces]


def counted(faces: list[Any]) -> str:
    """'1 face', '4 faces'."""
    return f"{len(faces)} face{'' if len(faces) == 1 else 's'}"


def seed_of(caption: str) -> str:
    """The seed that stands under a face."""
    return caption.removeprefix("seed ").split(",")[0]


def status(said: str) -> str:
    """A line that screen readers read out when it changes."""
    escaped = said.replace("&", "&amp;").replace("<", "&lt;")
    return f'<div role="status" aria-live="polite">{escaped}</div>'
