"""The walks from noise to a picture (s2f/diffusion/solvers.py), by the names that params.yaml and commands know."""

from typing import Literal, get_args

Sampler = Literal["dpmsolver++", "unipc", "ddim", "ancestral", "analytic"]
SAMPLERS: tuple[Sampler, ...] = get_args(Sampler)
