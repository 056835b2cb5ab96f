"""What the numbers do not say: the limits and the ethics that every report ends with."""

from s2f.params.experiment import Experiment
from s2f.params.face_models import LICENCE
from s2f.reporting.departures import departures

LIMITS = (
    "A face from a voice is a statistical guess, never an identification: never use it to find, accuse or sort anyone.",
    "A voice carries age, sex and a little of the vocal tract. Everything else in a generated face comes from the "
    "portraits the decoder was trained on, their biases included.",
    "Gender here is what a network trained on two labels says of a picture; it is no statement about anybody's gender.",
    "Judges err, and err alike on true and generated faces: agreement of judge with judge is not truth. Where labels "
    "exist, the report prints the judge's own ceiling.",
    "Shuffled pairs show the base rates and the reach of luck. Their mean is near chance by construction, so it says "
    "nothing of a leak between training and test.",
    "Intervals treat people as independent and do not cover another training run, another seed or another corpus.",
    f"{LICENCE}.",
)
OF_GIVEN = (
    "A generated face is a statistical guess, never an identification: never use it to find, accuse or sort anyone.",
    "What whoever generates a face was not told of the person comes from the pictures it was taught with, their biases "
    "included.",
    *LIMITS[2:],
)
OF_DEPARTURES = (
    "The method is not the paper's in all: the report's table of models says where. Numbers beside the paper's are of "
    "another method too, not only of other data."
)
OF_THE_SAMPLE = (
    "The embedded sample is drawn: its voices, its faces, the face network and the judge are this project's own. It "
    "tests the pipeline and says nothing about people."
)


def limits(params: Experiment, is_sample: bool) -> list[str]:
    """Sentences, the first one first."""
    departed = [OF_DEPARTURES] if departures(params) else []
    return [*LIMITS, *departed, *([OF_THE_SAMPLE] if is_sample else [])]
