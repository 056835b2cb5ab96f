"""First stage: check all of params.yaml, and the weights and addresses it names, before any work.

Its output never changes, so an edit to one section re-runs this half second and then only what reads that section.

    python -m s2f.stages.check_params --out data/params.ok
"""

from pathlib import Path

from s2f.faces.inaface import installed
from s2f.media.urls import check_cookies, check_template
from s2f.params.base import ParamsError
from s2f.params.experiment import read_experiment
from s2f.params.face_models import INA, is_file
from s2f.runtime import InputError, file_sha256, run_command


def main(out: Path, params: Path = Path("params.yaml")) -> None:
    """Check every section, each against the others, and against what lies here."""
    check_params(params)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("params.yaml fits its schema\n", encoding="utf-8")


def check_params(path: Path) -> None:
    """Everything about a params file that can be known before any work.

    Raises:
        ParamsError: one sentence naming the key, the value and what is allowed.
    """
    experiment = read_experiment(path)
    try:
        check_template(experiment.speech_faces.url)
        check_cookies(experiment.fetching.cookies)
        experiment.speech_encoder_training.front()
        for name in ("speech_encoder_training", "face_decoder_training", "super_resolution_training"):
            getattr(experiment, name).check_compiler()
    except InputError as error:
        raise ParamsError(f"{path}: {error}") from None
    models = experiment.face_models
    check_weights(f"{path}: face_models.arcface", models.arcface, models.arcface_sha256)
    judge = check_inaface if models.age_gender == INA else check_weights
    judge(f"{path}: face_models.age_gender", models.age_gender, models.age_gender_sha256)
    check_predictor(f"{path}: face_models.dlib_predictor", models.dlib_predictor, models.dlib_predictor_sha256)


def check_weights(where: str, path_or_pack: str, sha256: str | None) -> None:
    """A file must be there, and be the right one; a pack is insightface's to fetch.

    Raises:
        ParamsError: it is not, in one sentence that `where` (file and key) opens.
    """
    if not is_file(path_or_pack):
        return
    if not Path(path_or_pack).is_file():
        raise ParamsError(
            f"{where}: no such file (found '{path_or_pack}'); allowed: an ONNX file that is there, "
            "or an insightface pack such as buffalo_l."
        )
    _check_sha256(where, path_or_pack, sha256)


def check_predictor(where: str, path: str | None, sha256: str | None) -> None:
    """Where one is named, it must be there, and be the right one; whether dlib can use it, the measuring stage sees.

    Raises:
        ParamsError: as for `check_weights`.
    """
    if path is None:
        return
    if not Path(path).is_file():
        raise ParamsError(
            f"{where}: no such file (found '{path}'); allowed: a dlib shape predictor of 68 points, or null."
        )
    _check_sha256(where, path, sha256)


def _check_sha256(where: str, path: str, sha256: str | None) -> None:
    if sha256 is not None and (found := file_sha256(path)) != sha256:
        raise ParamsError(f"{where}_sha256: {sha256} is not that of {path}; allowed: {found}, or another file.")


def check_inaface(where: str, name: str, sha256: str | None) -> None:
    """The judge `name` must have its environment, and have had its weights.

    Raises:
        ParamsError: it has not, or they are others, in one sentence that `where` opens.
    """
    try:
        found = installed()
    except InputError as error:
        raise ParamsError(f"{where}: {error}") from None
    if sha256 not in (None, found.sha256):
        raise ParamsError(
            f"{where}_sha256: {sha256} is not that of {name}'s weights; allowed: {found.sha256}, or null."
        )


if __name__ == "__main__":
    run_command(main)
