"""A U-Net whose weights, gradients and moments processes share out among them: FSDP (Zhao et al. 2023), torch's second.

What one process holds of a tensor is a DTensor; norms, clipping and LAMB's ratios are those of the whole.
"""

import torch
from torch import Tensor, distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from s2f.models.blocks import Layer


def shard(model: nn.Module, device: torch.device) -> None:
    """Leave this process its part of every tensor; a layer's others come while it is computed and go again."""
    model.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]  # FSDP takes no other
    mesh = init_device_mesh(device.type, (distributed.get_world_size(),))
    for module in model.modules():
        if isinstance(module, Layer):
            fully_shard(module, mesh=mesh)
    fully_shard(model, mesh=mesh, reshard_after_forward=True)


@torch.no_grad()
def put(own: Tensor, saved: Tensor) -> None:
    """Copy a whole tensor into what this process holds of it."""
    if isinstance(own, DTensor):
        saved = distribute_tensor(saved.to(own.device), own.device_mesh, own.placements)
    own.copy_(saved)
