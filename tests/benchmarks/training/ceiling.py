"""What the device reaches at best: a large matrix product, and a 3×3 convolution of many channels with its gradients.

No contestant can be faster by its FLOPs; how far below it stays is what its small or memory-bound operators cost.
"""

import torch
from torch.nn import functional

SIDE = {"sample": 2048, "paper": 8192}  # of the matrices
CONVOLUTION = {"sample": (8, 256, 32), "paper": (16, 512, 64)}  # rows, channels, pixels


def ceiling(kind, task, device):
    """A step, and its FLOPs; `kind` is matmul or convolution."""
    dtype = torch.bfloat16 if task.bf16 else torch.float32
    return (product if kind == "matmul" else convolution)(task.scale, device, dtype)


def product(scale, device, dtype):
    side = SIDE[scale]
    left, right = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    return lambda: left @ right, 2 * side**3


def convolution(scale, device, dtype):
    rows, channels, pixels = CONVOLUTION[scale]
    x = torch.randn(rows, channels, pixels, pixels, device=device, dtype=dtype)
    x = x.to(memory_format=torch.channels_last).requires_grad_()
    weight = torch.randn(channels, channels, 3, 3, device=device, dtype=dtype)
    weight = weight.to(memory_format=torch.channels_last).requires_grad_()
    gradient = torch.ones_like(x)

    def step():
        torch.autograd.grad(functional.conv2d(x, weight, padding=1), (x, weight), gradient)

    return step, 3 * 2 * 9 * channels**2 * rows * pixels**2
