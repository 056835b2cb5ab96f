"""What training takes, computed by tracing one step with tensors that have a shape and no content.

Counted are the multiplications and additions of convolutions, matrix products and attention, forwards and backwards,
and the bytes that autograd keeps in between. A device's own kernels may keep more; how fast they are is measured
(`pace.py`), not computed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode, sdpa_backward_flop_count, sdpa_flop_count

from s2f.models.blocks import recompute
from s2f.models.weights import MODELS, build
from s2f.params.denoising import DenoisingParams
from s2f.params.experiment import Experiment
from s2f.params.spectrogram import TABLE_SHAPE
from s2f.params.training import TrainingParams

FLOAT = 4  # bytes of a float32
HALF = 2

# torch counts attention of GPUs; this is a processor's, and the traced tensors say they are one's.
ATTENTION = {
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: lambda q, k, v, *_, **__: sdpa_flop_count(q, k, v),
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward: (
        lambda grad, q, k, v, *_, **__: sdpa_backward_flop_count(grad, q, k, v)
    ),
}


@dataclass(frozen=True)
class Cost:
    """Of one model's training; bytes and FLOPs."""

    parameters: int
    flops_per_row: int
    state_bytes: int  # weights, gradients, LAMB's two moments and the average, float32; of a sharded model a part
    copies: int  # of the parameters' size, in the state
    kept_bytes: int  # for the backward pass, whatever the batch: weights in bf16
    kept_bytes_per_row: int
    fed_bytes_per_row: int  # what is moved to the device, as it is stored
    batch: int
    at_once: int  # rows in memory
    steps: int

    @property
    def flops(self) -> int:
        """Of all steps."""
        return self.flops_per_row * self.batch * self.steps

    @property
    def memory_bytes(self) -> int:
        """At the most within a step on one device, but for what kernels need to work."""
        return self.state_bytes + self.kept_bytes + self.kept_bytes_per_row * self.at_once

    @property
    def fed_bytes(self) -> int:
        """By a step."""
        return self.fed_bytes_per_row * self.batch

    @property
    def state_traffic_bytes(self) -> int:
        """By a step, at the least: gradients are read, all other state is read and written."""
        return 2 * self.state_bytes - self.state_bytes // self.copies


def cost_of(kind: str, whole: Experiment, processes: int = 1) -> Cost:
    """What one of the three models takes, by the name of its section; memory and rows at once are one process's."""
    training: TrainingParams = getattr(whole, f"{kind}_training")

    def make() -> nn.Module:
        model = build(kind, getattr(whole, kind)).train()
        if isinstance(training, DenoisingParams) and training.recompute:
            recompute(model)
        return model

    two, three = (traced(make, inputs_of(kind, whole, rows), training.precision == "bf16") for rows in (2, 3))
    with torch.device("meta"):
        parameters = sum(parameter.numel() for parameter in make().parameters())
    kept_per_row = three[1] - two[1]
    copies = 5 if training.ema else 4
    shared = isinstance(training, DenoisingParams) and training.shard
    return Cost(
        parameters=parameters,
        flops_per_row=three[0] - two[0],
        state_bytes=FLOAT * parameters * copies // (processes if shared else 1),
        copies=copies,
        kept_bytes=two[1] - 2 * kept_per_row,
        kept_bytes_per_row=kept_per_row,
        fed_bytes_per_row=fed_bytes(kind, whole),
        batch=training.batch,
        at_once=training.at_once(processes),
        steps=training.steps,
    )


def costs(whole: Experiment, processes: int = 1) -> dict[str, Cost]:
    """Of all three."""
    return {kind: cost_of(kind, whole, processes) for kind in MODELS}


def inputs_of(kind: str, whole: Experiment, rows: int) -> list[tuple[int, ...]]:
    """Shapes of what a training step hands the model."""
    if kind == "speech_encoder":
        frames, *rest = TABLE_SHAPE
        return [(rows, whole.speech_encoder_training.crop_frames or frames, *rest)]
    if kind == "face_decoder":
        side, embedding = whole.face_decoder.image_px, whole.face_decoder.embedding
        return [(rows, 3, side, side), (rows,), (rows, embedding + len(whole.face_decoder.attributes))]
    config = whole.super_resolution
    side = whole.super_resolution_training.crop_px or config.image_px
    small = side * config.low_px // config.image_px
    shapes: list[tuple[int, ...]] = [(rows, 3, side, side), (rows,), (rows, 3, small, small), (rows,)]
    return [*shapes, (rows, config.embedding)] if config.embedding else shapes


def fed_bytes(kind: str, whole: Experiment) -> int:
    """Of a row: a spectrogram of float16 or a picture of bytes, and an embedding of float32."""
    embedding = FLOAT * whole.speech_encoder.embedding
    if kind == "speech_encoder":
        frames, bins, parts = TABLE_SHAPE
        return HALF * frames * bins * parts + embedding
    return 3 * whole.portraits.face_px**2 + embedding


def traced(make: Callable[[], nn.Module], shapes: Sequence[tuple[int, ...]], bf16: bool) -> tuple[int, int]:
    """FLOPs of a step of the model that is made, and the bytes that autograd keeps for it."""
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in owned:
            kept[storage._cdata] = storage.nbytes()
        return tensor

    with torch.device("meta"):
        model = make()
    with FakeTensorMode():
        fill_with_shapes(model)
        owned = {tensor.untyped_storage()._cdata for tensor in [*model.parameters(), *model.buffers()]}
        inputs = tuple(torch.empty(shape) for shape in shapes)
        with FlopCounterMode(display=False, custom_mapping=ATTENTION) as counter:
            with saved_tensors_hooks(keep, _as_it_is), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                output = model(*inputs)
            output.float().square().mean().backward()
    return counter.get_total_flops(), sum(kept.values())


def fill_with_shapes(model: nn.Module) -> None:
    """Give a meta model tensors of the mode that is on: a processor's, but for their content."""
    for module in model.modules():
        for name, tensor in [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]:
            empty = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype)
            setattr(module, name, nn.Parameter(empty) if isinstance(tensor, nn.Parameter) else empty)


def _as_it_is(tensor: Any) -> Any:
    return tensor
