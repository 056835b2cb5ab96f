"""What the numbers do not say: the limits and the ethics that every report ends with."""

from s2f.params.face_models import LICENCE

LIMITS = (
    "A face from a voice is a statistical guess, never an identification: never use it to find, accuse or sort anyone.",
    "A voice carries age, sex and a little of the vocal tract. Everything else in a generated face comes from the "
    "portraits the decoder was trained on, their biases included.",
    "Gender here is what a network trained on two labels says of a picture; it is no statement about anybody's gender.",
    "Judges err, and err alike on true and generated faces: agreement of judge with judge is not truth. Where labels "
    "exist, the judge's own ceiling is printed.",
    "Intervals treat people as independent and do not cover another training run, another seed or another corpus.",
    f"{LICENCE}.",
)
OF_THE_SAMPLE = (
    "The embedded sample is drawn: its voices, its faces, the face network and the judge are this project's own. It "
    "tests the pipeline and says nothing about people."
)


def limits(is_sample: bool) -> list[str]:
    """Sentences, the first one first."""
    return [*LIMITS, *([OF_THE_SAMPLE] if is_sample else [])]
