"""Trained weights of HuBERT or WavLM put into a speech encoder's front.

They are torchaudio's, as a safetensors file that anyone with internet makes once; nothing here downloads or unpickles:

    from safetensors.torch import save_file
    from torchaudio.pipelines import WAVLM_BASE
    save_file(WAVLM_BASE.get_model().state_dict(), "wavlm_base.safetensors")
"""

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from s2f.runtime import InputError


def start_front(model: nn.Module, path: Path) -> None:
    """Set the front of `model` to the file's tensors.

    Raises:
        InputError: the file is none of safetensors, its tensors are others, or the model has no front.
    """
    if not isinstance(front := getattr(model, "front", None), nn.Module):
        raise InputError(f"start_from {path}: speech2face starts from nothing; allowed: null, or hubert or wavlm.")
    try:
        tensors = load_file(path)
    except SafetensorError:
        raise InputError(f"start_from {path}: not a safetensors file; pickled weights are never read.") from None
    own = {name: tuple(tensor.shape) for name, tensor in front.state_dict().items()}
    for name in sorted(own.keys() | tensors.keys()):
        theirs = tuple(tensors[name].shape) if name in tensors else "no such tensor"
        if own.get(name) != theirs:
            raise InputError(
                f"start_from {path}: tensor '{name}' is {theirs} there and {own.get(name, 'no tensor')} in the model; "
                "allowed: weights of the same architecture, width and layers."
            )
    front.load_state_dict(tensors)
