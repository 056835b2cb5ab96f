"""Both diffusion models as walks call them: (x_t, t, condition) → prediction; on all cores, in their own numbers."""

from collections.abc import Callable

import torch
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor, nn

from s2f.diffusion.guidance import Denoiser
from s2f.diffusion.schedule import add_noise
from s2f.pipeline.cores import all_cores
from s2f.pipeline.parts import Parts


class Denoisers:
    """Of models that are on this device and of this type."""

    def __init__(self, models: Parts, device: torch.device, dtype: torch.dtype) -> None:
        self._models, self._device, self._dtype = models, device, dtype
        self._cores = all_cores() if device.type == "cpu" else None

    def face(self) -> Denoiser:
        """The face decoder, without guidance."""
        return self._network(self._models.face_decoder)

    def enlarging(self, small: Tensor, generators: list[torch.Generator], noise_level: float) -> Denoiser:
        """Super-resolution of small faces (b, 3, s, s), over which noise of this level in [0, 1) is laid.

        More noise than the model has seen in training counts as that.
        """
        model, small = self._models.super_resolution, small.to(self._device)
        levels = torch.full((len(small),), min(noise_level, model.config.max_noise_level)).to(small)
        low = add_noise(small, levels, randn_tensor(small.shape, generator=generators, device=self._device))
        network = self._network(model)
        return lambda x_t, t, condition: network(x_t, t, low, levels, condition)

    def _network(self, model: nn.Module) -> Callable[..., Tensor]:
        """The model, fed with its own type of numbers; walks stay float32."""

        def typed(*inputs: Tensor) -> Tensor:
            output: Tensor = model(*(one.to(self._dtype) if one.is_floating_point() else one for one in inputs))
            return output.float()

        return typed if self._cores is None else self._cores.share(typed)
