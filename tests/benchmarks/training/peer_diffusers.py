"""diffusers' UNet2DConditionModel; its own environment needs no s2f.

It is built as Stable Diffusion's, the library's usual kind. What differs, and no setting changes it:

- attention is followed by a feed-forward of four times the width (GEGLU), so that our number of parameters is
  reached with narrower levels;
- where a level attends, every block of it does, and so does the middle: for super-resolution the middle alone, at the
  size where ours attends on its way down and up;
- a level's pictures are halved after its blocks and its way up has one block more than its way down: our decoder does
  so too, our super-resolution works where the picture is already small, so the peer's levels are narrower or fewer;
- nothing takes the noise level of the low picture: it is handed over beside the embedding.
"""

import torch
from diffusers import UNet2DConditionModel
from torch import nn
from torch.nn import functional

# Widths and blocks that reach our parameters (`matching.py` checks it) with FLOPs near ours; groups are our params'.
SETTINGS = {
    ("face_decoder", "sample"): {"widths": (32, 64, 80), "blocks": 1, "attends": (0, 0, 1), "groups": 16},
    ("face_decoder", "paper"): {"widths": (224, 448, 672, 896), "blocks": 3, "attends": (0, 1, 1, 1), "groups": 32},
    ("super_resolution", "sample"): {
        "widths": (8, 12, 20, 48),
        "blocks": (1, 1, 1, 2),
        "attends": (0, 0, 0, 0),
        "groups": 1,
    },
    ("super_resolution", "paper"): {
        "widths": (64, 128, 256, 512, 1024),
        "blocks": (1, 1, 1, 2, 5),
        "attends": (0, 0, 0, 0, 0),
        "groups": 16,
    },
}
HEADS = 4


class Diffusers(nn.Module):
    """The library's U-Net, called as our models are."""

    def __init__(self, task):
        super().__init__()
        settings = SETTINGS[task.kind, task.scale]
        attends = settings["attends"]
        self.task = task
        self.tokens = nn.Linear(task.embedding, task.tokens * task.token)
        self.unet = UNet2DConditionModel(
            in_channels=6 if task.low else 3,
            out_channels=3,
            block_out_channels=settings["widths"],
            layers_per_block=settings["blocks"],
            down_block_types=["CrossAttnDownBlock2D" if one else "DownBlock2D" for one in attends],
            up_block_types=["CrossAttnUpBlock2D" if one else "UpBlock2D" for one in reversed(attends)],
            mid_block_type="UNetMidBlock2DCrossAttn",
            attention_head_dim=HEADS,  # so the library calls their number
            cross_attention_dim=task.token,
            norm_num_groups=settings["groups"],
            resnet_time_scale_shift="scale_shift",
            class_embed_type="projection",  # a vector beside the step's, as ours
            projection_class_embeddings_input_dim=task.embedding + (1 if task.low else 0),
        )

    def forward(self, x_t, t, embedding, low=None, noise_level=None):
        tokens = self.tokens(embedding).unflatten(1, (self.task.tokens, -1))
        if low is not None:
            enlarged = functional.interpolate(low, size=x_t.shape[-2:], mode="bicubic", align_corners=False)
            x_t = torch.cat([x_t, enlarged], dim=1)
            embedding = torch.cat([embedding, noise_level[:, None]], dim=1)
        return self.unet(x_t, t, tokens, class_labels=embedding).sample


def model(task):
    """A fresh one."""
    return Diffusers(task)
