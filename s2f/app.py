"""The web page: a voice in, faces out, on this machine alone.

make app        (or: s2f app --pipeline data/models/pipeline)
"""

import re
from pathlib import Path

import gradio as gr
import numpy as np
import torch
from numpy.typing import NDArray
from PIL.Image import Image

from s2f.audio.spectrogram import CompressedSpectrogram
from s2f.audio.speech import fit, read_speech
from s2f.audio.voice import check_voice
from s2f.params.face_models import LICENCE
from s2f.params.labels import OLDEST
from s2f.pipeline import STATEMENT, SpeechToFacePipeline
from s2f.runtime import InputError

AS_HEARD = "as the voice has it"
GENDERS = {AS_HEARD: None, "female": "f", "male": "m"}
MAX_BYTES = "25mb"  # a minute of uncompressed stereo is 10 MB, and six seconds are heard
INTRODUCTION = f"""# s2f: speech in, faces out
**{STATEMENT}** The faces below show what people who sound like this one tend to look like, to a model with the
biases of its data. Do not use them to find, judge or accuse anyone. Models trained on the embedded sample draw cartoon
faces of synthetic voices, and say nothing about people."""
# Trained models do not know whose network embedded the faces they learned from, so that every page says both.
FOOTER = f"{STATEMENT} {LICENCE}: if these models were trained with them, so is this page."


def make_page(pipeline: SpeechToFacePipeline) -> gr.Blocks:
    """The page around a loaded pipeline."""
    sample_rate = pipeline.spectrogram.sample_rate

    def draw(
        path: str | None, guidance: float, number: int, seed: int | None, age: float | None, gender: str
    ) -> tuple[NDArray[np.uint8], list[Image]]:
        if path is None:
            raise gr.Error("Record a voice or drop a sound file first.")
        try:
            speech = read_speech(Path(path), sample_rate, pipeline.spectrogram.clip_seconds)
            check_voice(speech, sample_rate, "the recording")
        except InputError as error:
            raise gr.Error(_without_paths(str(error), path)) from None
        voice = torch.from_numpy(fit(speech, pipeline.spectrogram.samples))[None]
        faces = pipeline(
            voice,
            sample_rate,
            guidance=float(guidance),
            num_images=int(number),
            seed=int(seed or 0),  # None: an emptied field
            age=age,
            gender=GENDERS[gender],
        )
        return spectrogram_picture(pipeline, voice), faces.images

    with gr.Blocks(title="s2f", analytics_enabled=False) as page:
        gr.Markdown(INTRODUCTION)
        with gr.Row():
            with gr.Column():
                voice = gr.Audio(sources=["upload", "microphone"], type="filepath", label="A voice (first six seconds)")
                guidance = gr.Slider(0, 4, 1, step=0.5, label="Guidance w: 0 varies most, 4 keeps closest to the voice")
                number = gr.Slider(1, 8, 4, step=1, label="Faces")
                seed = gr.Number(0, precision=0, label="Seed: the same seed draws the same faces")
                known = pipeline.attributes
                age = gr.Number(
                    None,
                    label="Age in years; empty: as the voice has it",
                    minimum=0,
                    maximum=OLDEST,
                    visible="age" in known,
                )
                gender = gr.Radio(list(GENDERS), value=AS_HEARD, label="Gender", visible="gender" in known)
                button = gr.Button("Draw faces", variant="primary")
            with gr.Column():
                faces = gr.Gallery(label="Guesses, not identifications", columns=4, format="png")
                heard = gr.Image(label="What the model hears: time →, frequency ↑", format="png")
        gr.Markdown(FOOTER)
        button.click(draw, [voice, guidance, number, seed, age, gender], [heard, faces], concurrency_limit=1)
    return page


def spectrogram_picture(pipeline: SpeechToFacePipeline, speech: torch.Tensor) -> NDArray[np.uint8]:
    """Grey uint8 (bins, frames, 3) of speech (1, samples): compressed magnitude, low frequencies at the bottom."""
    magnitude = CompressedSpectrogram(pipeline.spectrogram)(speech)[0].norm(dim=-1).T.flip(0)  # (bins, frames)
    grey = (255 * magnitude / magnitude.max().clamp(min=1e-6)).to(torch.uint8)
    return grey[..., None].expand(-1, -1, 3).numpy()


def serve(folder: Path, host: str, port: int) -> None:
    """Load the pipeline and serve the page until interrupted.

    Raises:
        InputError: the models are missing or do not fit each other.
    """
    page = make_page(SpeechToFacePipeline.from_pretrained(folder))
    page.queue(max_size=16).launch(
        server_name=host, server_port=port, max_file_size=MAX_BYTES, share=False, quiet=False, footer_links=[]
    )


def _without_paths(sentence: str, path: str) -> str:
    """The sentence as a visitor may read it: without the server's folders."""
    return re.sub(r"\S*/", "", sentence.replace(path, "the recording"))
