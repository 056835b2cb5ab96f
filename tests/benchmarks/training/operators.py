"""What a step consists of: its FLOPs, and the operators that take its time."""

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

PROFILED = 3  # steps
TOP = 5


def flops(gradients):
    """Of the forward and the backward pass: multiplications and additions of convolutions and matrix products."""
    # A CPU's fused attention would not be counted.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        gradients()
    return counter.get_total_flops()


def shares(step, device):
    """[[operator, its share of a step's time]] of those that take most; a GPU's kernels count for their operator."""
    on_gpu = device.type == "cuda"
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_gpu else [])]
    with profile(activities=activities) as found:
        for _ in range(PROFILED):
            step()
        if on_gpu:
            torch.cuda.synchronize()
    key = "self_device_time_total" if on_gpu else "self_cpu_time_total"
    rows = [row for row in found.key_averages() if not (on_gpu and row.device_type != torch.autograd.DeviceType.CPU)]
    total = sum(getattr(row, key) for row in rows)
    rows.sort(key=lambda row: -getattr(row, key))
    return [[row.key, getattr(row, key) / total] for row in rows[:TOP]]
