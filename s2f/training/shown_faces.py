"""What the face decoder has learnt, for the eye: true faces, and below them those drawn from their embeddings."""

from dataclasses import dataclass

from torch import Tensor

from s2f.dataset.batches import Batch
from s2f.diffusion.guidance import guide
from s2f.diffusion.sampling import sample, seeded
from s2f.diffusion.schedule import Schedule
from s2f.diffusion.solvers import Walk
from s2f.models.face_decoder import FaceDecoder
from s2f.runtime import derive_seed
from s2f.training.denoising import shrink, to_float
from s2f.training.showing import STEPS, lines

GUIDANCE = (0.0, 1.0, 3.0)  # the paper's w, a line of pictures each


@dataclass(frozen=True)
class ShownFaces:
    """A column is one person, and one noise."""

    schedule: Schedule
    seed: int

    def __call__(self, model: FaceDecoder, batch: Batch) -> Tensor:
        """(3, h, w) in [−1, 1]."""
        shape, embedding = (3, model.config.image_px, model.config.image_px), batch["embedding"]
        seeds = [derive_seed(self.seed, "shown", row) for row in range(len(embedding))]
        steps, prediction = min(STEPS, self.schedule.steps), model.config.prediction

        def drawn(w: float) -> Tensor:
            denoise, noise = guide(model, w), seeded(seeds)
            return sample(denoise, embedding, noise, shape, self.schedule, Walk("dpmsolver++", steps), prediction)

        return lines(shrink(to_float(batch["face"]), shape[1]), *(drawn(w) for w in GUIDANCE))
