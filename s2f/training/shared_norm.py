"""Batch norm over a batch that several processes share."""

import torch
from torch import Tensor, nn

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


def share_statistics(model: nn.Module, device: torch.device) -> nn.Module:
    """The model, its batch norms seeing the whole batch; parameters and buffers stay what they are."""
    if device.type == "cuda":
        return nn.SyncBatchNorm.convert_sync_batchnorm(model)
    for module in model.modules():
        for name, child in module.named_children():
            if isinstance(child, NORMS):
                setattr(module, name, SharedNorm.of(child))
    return model


class SharedNorm(nn.modules.batchnorm._BatchNorm):
    """As torch's SyncBatchNorm, which is for GPUs alone: mean and variance over the rows of all processes."""

    @classmethod
    def of(cls, norm: nn.modules.batchnorm._BatchNorm) -> "SharedNorm":
        """With the parameters and buffers of `norm`."""
        shared = cls(norm.num_features, norm.eps, norm.momentum)
        shared.weight, shared.bias = norm.weight, norm.bias
        for name, buffer in norm.named_buffers():
            setattr(shared, name, buffer)
        return shared.train(norm.training)

    def _check_input_dim(self, x: Tensor) -> None:
        pass

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, …) → (b, c, …); every process has as many rows."""
        if not self.training:
            return super().forward(x)
        dims = [dim for dim in range(x.ndim) if dim != 1]
        shape = [1, -1] + [1] * (x.ndim - 2)
        given, x = x, x.to(self.running_mean.dtype)  # type: ignore[union-attr]
        mean = MeanOfAll.apply(x.mean(dims))
        centred = x - mean.view(shape)
        variance = MeanOfAll.apply(centred.square().mean(dims))
        with torch.no_grad():
            count = x.numel() // self.num_features * torch.distributed.get_world_size()
            self.num_batches_tracked.add_(1)  # type: ignore[union-attr]
            self.running_mean.lerp_(mean, self.momentum)  # type: ignore[union-attr, arg-type]
            self.running_var.lerp_(variance * (count / (count - 1)), self.momentum)  # type: ignore[union-attr, arg-type]
        scale = self.weight * (variance + self.eps).rsqrt()
        return (centred * scale.view(shape) + self.bias.view(shape)).to(given.dtype)


class MeanOfAll(torch.autograd.Function):
    """The mean over processes; everybody's loss depends on everybody's values, so gradients are averaged, too."""

    @staticmethod
    def forward(_: object, values: Tensor) -> Tensor:
        """(c,) → (c,)."""
        total = values.clone()
        torch.distributed.all_reduce(total)
        return total / torch.distributed.get_world_size()

    @staticmethod
    def backward(_: object, gradient: Tensor) -> Tensor:
        """(c,) → (c,)."""
        return MeanOfAll.forward(_, gradient)
