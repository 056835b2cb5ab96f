"""Two of inaFaceAnalyzer's three files of weights, the least that its own libraries load: run in its environment.

The classifier is three linear layers over the mean colour: male rises with blue, age with red. dlib's points are noise.

python -I inaface_weights.py FOLDER
"""

import sys

import dlib
import numpy as np
from tensorflow import keras

folder = sys.argv[1]

inputs = keras.Input((224, 224, 3))
colour = keras.layers.GlobalAveragePooling2D()(inputs)  # as its preprocessing leaves it: blue, green, red less a mean
outputs = [keras.layers.Dense(size, name=name)(colour) for name, size in (("sex", 1), ("gone", 7), ("age", 1))]
model = keras.Model(inputs, outputs)
model.get_layer("sex").set_weights([np.array([[0.01], [0], [0]]), np.zeros(1)])
model.get_layer("age").set_weights([np.array([[0], [0], [0.01]]), np.full(1, 4.0)])
model.save(f"{folder}/keras_resnet50_fairface_GRA.h5")

rng, box = np.random.default_rng(0), dlib.rectangle(10, 10, 90, 90)
pictures = [rng.integers(0, 255, (100, 100, 3), dtype=np.uint8) for _ in range(4)]
points = dlib.full_object_detection(box, [dlib.point(20 + index, 40) for index in range(68)])  # eyes on a level
options = dlib.shape_predictor_training_options()
options.tree_depth, options.cascade_depth, options.num_trees_per_cascade_level = 2, 2, 5
landmarks = dlib.train_shape_predictor(pictures, [[points]] * 4, options)
landmarks.save(f"{folder}/shape_predictor_68_face_landmarks.dat")
