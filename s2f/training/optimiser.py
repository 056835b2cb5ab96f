"""LAMB, and the learning rate at a step.

You et al. (2020), algorithm 2: every tensor p moves by the rate times ‖p‖ / ‖r‖ along r = m̂ / (√v̂ + eps) + λp, so by
the same share of its own size. The ratio is 1 where either norm is 0. It is used whatever the weight decay (timm drops
it without one), m̂ and v̂ are bias-corrected and λ is inside r (pytorch-optimizer's default has neither).
"""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from s2f.params.training import TrainingParams

EPS = 1e-6  # the authors'


class Lamb(Optimizer):
    """`step` is kept per group: every tensor gets a gradient at every step here."""

    def __init__(
        self, params: Iterable[nn.Parameter], lr: float, betas: tuple[float, float], weight_decay: float
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay, "step": 0})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """One update from the gradients at hand; `closure` is not used."""
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            if not params:
                continue
            group["step"] += 1
            for p in params:
                if not self.state[p]:
                    self.state[p] = {"m": torch.zeros_like(p), "v": torch.zeros_like(p)}
            # A GPU wants all tensors in one call, a processor one after the other, while its cache holds them.
            parts = [params] if params[0].is_cuda else [[p] for p in params]
            updates = [update for part in parts for update in self._directions(group, part)]
            sizes = torch.stack(torch._foreach_norm(params))
            lengths = torch.stack(torch._foreach_norm(updates))
            ratios = torch.where((sizes > 0) & (lengths > 0), sizes / lengths, torch.ones_like(sizes))
            torch._foreach_mul_(updates, list(ratios.unbind()))
            torch._foreach_add_(params, updates, alpha=-group["lr"])

    def _directions(self, group: dict[str, Any], params: list[Tensor]) -> list[Tensor]:
        """r of every tensor; moves m and v on."""
        beta_1, beta_2 = group["betas"]
        gradients = [p.grad for p in params if p.grad is not None]
        m = [self.state[p]["m"] for p in params]
        v = [self.state[p]["v"] for p in params]
        torch._foreach_lerp_(m, gradients, 1 - beta_1)
        torch._foreach_mul_(v, beta_2)
        torch._foreach_addcmul_(v, gradients, gradients, value=1 - beta_2)
        # m̂ / (√v̂ + eps) with both bias corrections in the divisor: fewer passes over memory.
        bias_1, bias_2 = 1 - beta_1 ** group["step"], 1 - beta_2 ** group["step"]
        divisors = torch._foreach_sqrt(v)
        torch._foreach_mul_(divisors, bias_1 / math.sqrt(bias_2))
        torch._foreach_add_(divisors, bias_1 * EPS)
        updates = torch._foreach_div(m, divisors)
        if group["weight_decay"]:
            torch._foreach_add_(updates, params, alpha=group["weight_decay"])
        return list(updates)


def learning_rate(step: int, params: TrainingParams, steps_per_epoch: float) -> float:
    """The rate of step 0, 1, …: a linear rise over the first epochs, and a fall by `decay` every `decay_steps`."""
    warmup = params.warmup_epochs * steps_per_epoch
    rise = 1.0 if step >= warmup else params.warmup_from + (1 - params.warmup_from) * step / warmup
    return params.learning_rate * rise * params.decay ** (step // params.decay_steps)
