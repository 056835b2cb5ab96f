"""The 68 points that dlib's usual predictors find: where each lies on MediaPipe's mesh, and on the mean face.

The points are those of iBUG 300-W: 0–16 jaw, 17–26 brows, 27–35 nose, 36–47 eyes, 48–67 lips, each from the picture's
left to its right. The mean face is that of landmarks.py, in its axes and its unit: the mean mesh of the same 200
portraits drawn by s2f.sample, each turned to the front and made symmetric; no photograph went into it.
"""

import numpy as np
from numpy.typing import NDArray

POINTS = 68
JAW, BROWS, NOSE, EYES, LIPS = (np.arange(*ends) for ends in ((0, 17), (17, 27), (27, 36), (36, 48), (48, 68)))

# In the middle: the mesh points whose mean it is; x to the picture's right, y down, z away from the viewer.
MIDDLE = {
    8: ((152,), (0.0, 1.251, 0.200)),
    27: ((168,), (0.0, 0.000, 0.000)),
    28: ((6, 197), (0.0, 0.130, -0.075)),
    29: ((195, 5), (0.0, 0.286, -0.193)),
    30: ((4,), (0.0, 0.421, -0.249)),
    33: ((2,), (0.0, 0.548, -0.050)),
    51: ((0,), (0.0, 0.722, -0.050)),
    57: ((17,), (0.0, 0.854, 0.006)),
    62: ((13,), (0.0, 0.774, 0.019)),
    66: ((14,), (0.0, 0.775, 0.018)),
}
# (at the picture's left, at its right): the mesh points of either; the mean face's point at the right.
SIDES = {
    (0, 16): ((127,), (356,), (0.791, 0.065, 0.792)),
    (1, 15): ((234,), (454,), (0.783, 0.211, 0.845)),
    (2, 14): ((93,), (323,), (0.768, 0.363, 0.851)),
    (3, 13): ((132, 58), (361, 288), (0.714, 0.614, 0.792)),
    (4, 12): ((172,), (397,), (0.619, 0.844, 0.649)),
    (5, 11): ((136,), (365,), (0.542, 0.953, 0.526)),
    (6, 10): ((150,), (379,), (0.444, 1.053, 0.427)),
    (7, 9): ((176,), (400,), (0.262, 1.189, 0.271)),
    (17, 26): ((70,), (300,), (0.644, -0.132, 0.247)),
    (18, 25): ((63,), (293,), (0.577, -0.188, 0.155)),
    (19, 24): ((105,), (334,), (0.472, -0.218, 0.081)),
    (20, 23): ((66,), (296,), (0.331, -0.214, 0.018)),
    (21, 22): ((107,), (336,), (0.167, -0.198, -0.013)),
    (31, 35): ((129,), (358,), (0.227, 0.449, 0.077)),
    (32, 34): ((97,), (326,), (0.085, 0.545, -0.032)),
    (36, 45): ((33,), (263,), (0.500, 0.031, 0.239)),
    (37, 44): ((160,), (387,), (0.431, -0.012, 0.164)),
    (38, 43): ((158,), (385,), (0.310, -0.022, 0.145)),
    (39, 42): ((133,), (362,), (0.183, 0.058, 0.182)),
    (40, 47): ((153,), (380,), (0.294, 0.084, 0.159)),
    (41, 46): ((144,), (373,), (0.411, 0.085, 0.178)),
    (48, 54): ((61,), (291,), (0.279, 0.775, 0.156)),
    (49, 53): ((39,), (269,), (0.159, 0.724, -0.002)),
    (50, 52): ((37,), (267,), (0.081, 0.708, -0.041)),
    (59, 55): ((181,), (405,), (0.149, 0.836, 0.035)),
    (58, 56): ((84,), (314,), (0.078, 0.850, 0.010)),
    (60, 64): ((78,), (308,), (0.255, 0.774, 0.134)),
    (61, 63): ((82,), (312,), (0.067, 0.771, 0.026)),
    (67, 65): ((87,), (317,), (0.067, 0.773, 0.025)),
}


def of_mesh(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """The 68 points (68, d) of a mesh (478, d)."""
    indices = {point: mesh for point, (mesh, _) in MIDDLE.items()}
    for (left, right), (mesh_left, mesh_right, _) in SIDES.items():
        indices[left], indices[right] = mesh_left, mesh_right
    return np.array([np.asarray(landmarks, np.float64)[list(indices[point])].mean(0) for point in range(POINTS)])


def mirrored(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Points (68, d) of a picture's mirror image, its left and right exchanged: x is negative, indices are swapped."""
    order = np.arange(POINTS)
    for left, right in SIDES:
        order[[left, right]] = right, left
    swapped = np.array(points, np.float64)[order]
    swapped[:, 0] *= -1
    return swapped


def mean_face() -> NDArray[np.float64]:
    """The mean face (68, 3)."""
    points = np.zeros((POINTS, 3))
    for point, (_, place) in MIDDLE.items():
        points[point] = place
    for (left, right), (_, _, place) in SIDES.items():
        points[left], points[right] = np.multiply(place, (-1, 1, 1)), place
    return points
