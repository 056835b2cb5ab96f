"""imagen-pytorch's own loop, `Imagen.sample`, around its U-Nets; run by the Python of an environment of its own.

It knows ancestral sampling alone, and asks its network twice for a guided step. Switched off is what it does beyond
us: dynamic thresholding, and taking from the guidance what is parallel to the prediction. Its two U-Nets read tokens of
different widths here, so each is sampled by an `Imagen` of its own, the second started from the first one's picture.
"""

import torch

from tests.benchmarks.training import peer_imagen
from tests.benchmarks.training.stepping import LAYOUTS


class Sampler:
    """With fresh networks."""

    def __init__(self, drawing, device, layout):
        self.drawing, self.device = drawing, device
        small, large = (peer_imagen.model(task).to(device) for task in (drawing.decoder, drawing.enlarger))
        self.tokens = small.tokens, large.tokens
        from imagen_pytorch import Imagen, NullUnet

        told = {"pred_objectives": "x_start", "dynamic_thresholding": False, "lowres_sample_noise_level": 0.0}
        sides = drawing.decoder.side, drawing.enlarger.side
        self.small = Imagen(
            small.unet, image_sizes=sides[:1], timesteps=drawing.steps, text_embed_dim=drawing.decoder.token, **told
        )
        self.large = Imagen(
            (NullUnet(), large.unet),
            image_sizes=sides,
            timesteps=(1, drawing.enlarging),
            text_embed_dim=drawing.enlarger.token,
            resize_mode="bicubic",
            **told,
        )
        if self.small.unets[0] is not small.unet or self.large.unets[1] is not large.unet:
            raise AssertionError("Imagen built another U-Net than the one that was matched")
        for one in (self.small, self.large):
            one.to(device, memory_format=LAYOUTS[layout])
        self.parameters = tuple(sum(one.numel() for one in model.parameters()) for model in (small, large))

    def decoder(self, embeddings):
        return self._sample(self.small, 0, embeddings, cond_scale=1 + self.drawing.guidance)

    def cascade(self, embeddings):
        low = self.decoder(embeddings)
        return self._sample(self.large, 1, embeddings, start_at_unet_number=2, start_image_or_video=low)

    @torch.inference_mode()
    def _sample(self, imagen, index, embeddings, **asked):
        tokens = self.tokens[index](embeddings).unflatten(1, (self.drawing.decoder.tokens, -1))
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.drawing.decoder.bf16):
            return imagen.sample(text_embeds=tokens, use_tqdm=False, cfg_remove_parallel_component=False, **asked)
