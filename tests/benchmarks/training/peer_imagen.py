"""imagen-pytorch's Unet, and its efficient one for super-resolution; run by the Python of an environment of its own.

What differs, and no setting changes it:

- attention is followed by a feed-forward; keys and values of self-attention are shared by all heads, which have the
  condition's tokens among their keys; queries and keys are of unit length; scores are multiplied out, not fused;
- cross-attention is within the first residual block of a level that attends;
- norms are of each position's channels (RMS), pictures are enlarged by shuffling pixels after a 1×1 convolution, and
  halved by shuffling them before one;
- there are two residual blocks and attention in the middle, and one more residual block at the end;
- its efficient kind halves the picture before its first level: it has one level fewer and as many sizes as ours.

What it has beyond ours and can be turned off is off: global context, pooled tokens, a first convolution of three sizes.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

from torch import nn
from torch.nn import functional

# Widths and blocks, after the one that every level has, that reach our parameters with FLOPs near ours.
SETTINGS = {
    ("face_decoder", "sample"): {
        "dim": 32,
        "dim_mults": (1, 2, 3),
        "num_resnet_blocks": (2, 1, 0),
        "attn_dim_head": 32,
        "attends": (0, 0, 1),
    },
    ("face_decoder", "paper"): {
        "dim": 304,
        "dim_mults": (1, 2, 3, 4),
        "num_resnet_blocks": 3,
        "attn_dim_head": 64,
        "attends": (0, 1, 1, 1),
    },
    ("super_resolution", "sample"): {
        "dim": 8,
        "dim_mults": (2, 4, 5),
        "num_resnet_blocks": (2, 0, 0),
        "attn_dim_head": 16,
        "attends": (0, 0, 1),
    },
    ("super_resolution", "paper"): {
        "dim": 64,
        "dim_mults": (2, 4, 8, 16),
        "num_resnet_blocks": (0, 1, 3, 4),
        "attn_dim_head": 64,
        "attends": (0, 0, 0, 1),
    },
}
HEADS = 4


def unet_class():
    """The library's class, imported without a network and, where there is none, without torchvision.

    Raises:
        ImportError: the library, or something that it imports, is missing.
    """
    import transformers

    if find_spec("torchvision") is None:
        sys.path.append(str(Path(__file__).parent / "standin"))
    # While it is imported the library asks a hub how large T5's embeddings are; nothing here reads text.
    transformers.T5Config.from_pretrained = lambda name: transformers.T5Config()
    from imagen_pytorch import Unet

    return Unet


class Imagen(nn.Module):
    """The library's U-Net, called as our models are."""

    def __init__(self, task):
        super().__init__()
        settings = dict(SETTINGS[task.kind, task.scale])
        attends = tuple(map(bool, settings.pop("attends")))
        self.task = task
        self.tokens = nn.Linear(task.embedding, task.tokens * task.token)
        self.unet = unet_class()(
            **settings,
            text_embed_dim=task.token,
            cond_dim=task.token,
            max_text_len=task.tokens,
            attn_heads=HEADS,
            layer_attns=attends,
            layer_cross_attns=attends,
            attn_pool_text=False,
            use_global_context_attn=False,
            init_cross_embed=False,
            init_conv_kernel_size=3,
            lowres_cond=bool(task.low),
            memory_efficient=bool(task.low),
        )

    def forward(self, x_t, t, embedding, low=None, noise_level=None):
        tokens = self.tokens(embedding).unflatten(1, (self.task.tokens, -1))
        more = {}
        if low is not None:
            enlarged = functional.interpolate(low, size=x_t.shape[-2:], mode="bicubic", align_corners=False)
            more = {"lowres_cond_img": enlarged, "lowres_noise_times": noise_level}
        return self.unet(x_t, t.float(), text_embeds=tokens, **more)


def model(task):
    """A fresh one."""
    return Imagen(task)
