"""Where the decoder's shortcut starts: the ridge regression from embeddings to small faces, in closed form.

One pass over the training rows sums X'X and X'Y, so memory does not grow with the corpus. Embeddings span few
directions well and hundreds barely; a gradient would take thousands of steps to the weak ones.
"""

import math

import torch
from torch import Tensor

from s2f.dataset.batches import Batches
from s2f.models.face_decoder import FaceDecoder
from s2f.training.denoising import shrink, to_float


@torch.no_grad()
def start_from_regression(model: FaceDecoder, batches: Batches) -> None:
    """Set the linear face of `model`, if it has one, to the regression on `batches`: "face" and "embedding" of each.

    The null condition starts as the mean face.
    """
    if model.linear_face is None:
        return
    face = model.linear_face
    weight, offset, mean = ridge_regression(batches, model.config.image_px, face.scale, model.config.shortcut_ridge)
    face.linear.weight.copy_(weight)
    face.linear.bias.copy_(offset)
    face.null.copy_(mean.view_as(face.null))


def ridge_regression(batches: Batches, image_px: int, scale: float, ridge: float) -> tuple[Tensor, Tensor, Tensor]:
    """Weight (p, e), offset (p,) and mean face (p,) of faces of p = 3·image_px² numbers on embeddings times `scale`.

    `ridge` is the penalty on the squared weights per row of the data; the offset bears none (Hastie et al., "The
    Elements of Statistical Learning", 3.4.1). One pass, whole batches.
    """
    count, sums = 0, [torch.zeros((), dtype=torch.float64)] * 4
    for _, batch in zip(range(math.floor(batches.steps_per_epoch)), batches.iterate(), strict=False):
        x = batch["embedding"].double() * scale
        y = shrink(to_float(batch["face"]), image_px).flatten(1).double()
        count += len(x)
        sums = [total + part for total, part in zip(sums, (x.sum(0), y.sum(0), x.T @ x, x.T @ y), strict=True)]
    mean_x, mean_y = sums[0] / count, sums[1] / count
    covariance = sums[2] / count - torch.outer(mean_x, mean_x)
    shared = sums[3] / count - torch.outer(mean_x, mean_y)
    weight = torch.linalg.solve(covariance + ridge * torch.eye(len(mean_x), dtype=torch.float64), shared)
    return weight.T, mean_y - mean_x @ weight, mean_y
