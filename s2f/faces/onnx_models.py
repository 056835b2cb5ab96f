"""Load insightface weights: an ONNX file, or one task of a named pack that insightface downloads itself.

insightface publishes no checksums, so a sha256 can be demanded; it is computed in any case and stored beside what the
weights produce. Its published weights are for non-commercial research only: whoever names them is told so, and whoever
names another's that their licence is their owner's.
"""

import functools
import logging
from pathlib import Path
from typing import Any

import onnxruntime
from insightface import model_zoo
from insightface.utils import ensure_available

from s2f.params.face_models import is_file, terms_of
from s2f.runtime import InputError, file_sha256

PROVIDERS = ["CPUExecutionProvider"]  # the same numbers on every machine

logger = logging.getLogger(__name__)


def load_model(path_or_pack: str, sha256: str | None, task: str) -> Any:
    """insightface's model object; its `.model_file` is the ONNX file.

    `task` ('recognition' or 'genderage') picks the model of a pack.

    Raises:
        InputError: no such file or pack, another sha256 than demanded, or a file that insightface cannot use.
    """
    if terms := terms_of(path_or_pack):
        _tell_terms(path_or_pack, terms)
    if is_file(path_or_pack):
        path = Path(path_or_pack)
        if not path.is_file():
            raise InputError(f"{path}: no such file; allowed: an ONNX file, or an insightface pack such as buffalo_l.")
        model = _load_file(path)
    else:
        path, model = _load_from_pack(path_or_pack, task)
    if sha256 is not None and (found := file_sha256(path)) != sha256:
        raise InputError(
            f"{path}: its sha256 is {found}, params ask for {sha256}; get the right file, or change params."
        )
    return model


def _load_file(path: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # several workers each have a model; more threads only quarrel
    options.log_severity_level = 3
    try:
        model = model_zoo.get_model(str(path), providers=PROVIDERS, sess_options=options)
    except Exception as error:  # onnx, protobuf and onnxruntime raise unrelated classes
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: insightface cannot load it ({reason}).") from None
    if model is None:
        raise InputError(
            f"{path}: insightface does not know this kind of model; allowed: ArcFace or genderage weights."
        )
    return model


def _load_from_pack(pack: str, task: str) -> tuple[Path, Any]:
    try:
        folder = Path(ensure_available("models", pack))
    except Exception as error:  # whatever the download met
        reason = " ".join(str(error).split())
        raise InputError(
            f"insightface pack '{pack}' cannot be had ({reason}); name an ONNX file, or connect."
        ) from None
    for path in sorted(folder.rglob("*.onnx")):
        model = _load_file_or_none(path)
        if getattr(model, "taskname", None) == task:
            return path, model
    raise InputError(f"insightface pack '{pack}' ({folder}) holds no {task} model.")


def _load_file_or_none(path: Path) -> Any:
    try:
        return _load_file(path)
    except InputError:
        return None


@functools.cache
def _tell_terms(path_or_pack: str, terms: str) -> None:
    logger.warning("%s: %s.", path_or_pack, terms)
