"""diffusers' own loop around its U-Net: scheduler and guidance as the library's text-to-image pipelines have them.

Both conditions share a call, as there; the schedulers are the library's with its own timesteps.
"""

import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler

from tests.benchmarks.training import peer_diffusers
from tests.benchmarks.training.stepping import LAYOUTS
from tests.benchmarks.training.task import STEPS

NOISE = {"num_train_timesteps": STEPS, "beta_schedule": "squaredcos_cap_v2", "prediction_type": "sample"}


class Sampler:
    """With fresh networks."""

    def __init__(self, drawing, device, layout):
        self.drawing, self.device = drawing, device
        self.dtype = torch.bfloat16 if drawing.decoder.bf16 else torch.float32
        self.small, self.large = (
            peer_diffusers.model(task).to(device, self.dtype, memory_format=LAYOUTS[layout]).eval()
            for task in (drawing.decoder, drawing.enlarger)
        )
        self.parameters = tuple(sum(one.numel() for one in model.parameters()) for model in (self.small, self.large))

    @torch.inference_mode()
    def decoder(self, embeddings):
        scale = 1 + self.drawing.guidance
        both = torch.cat([torch.zeros_like(embeddings), embeddings]) if scale != 1 else embeddings

        def network(x_t, t):
            output = self.small(torch.cat([x_t, x_t]) if scale != 1 else x_t, t, both.to(self.dtype))
            if scale == 1:
                return output
            free, heard = output.chunk(2)
            return free + scale * (heard - free)

        return self._walk(DPMSolverMultistepScheduler(**NOISE), self.drawing.steps, self.drawing.decoder.side, network)

    @torch.inference_mode()
    def cascade(self, embeddings):
        low, level = self.decoder(embeddings), torch.zeros(len(embeddings), device=self.device, dtype=self.dtype)

        def network(x_t, t):
            return self.large(x_t, t, embeddings.to(self.dtype), low, level)

        return self._walk(DDIMScheduler(**NOISE), self.drawing.enlarging, self.drawing.enlarger.side, network)

    def _walk(self, scheduler, steps, side, network):
        scheduler.set_timesteps(steps, device=self.device)
        x_t = torch.randn(self.drawing.batch, 3, side, side, device=self.device, dtype=self.dtype)
        x_t = x_t * scheduler.init_noise_sigma
        for t in scheduler.timesteps:
            x_t = scheduler.step(network(scheduler.scale_model_input(x_t, t), t), t, x_t, return_dict=False)[0]
        return x_t.clamp(-1, 1)
