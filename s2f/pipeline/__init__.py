"""Speech to faces, as one object that is saved to and loaded from one folder.

pipeline = SpeechToFacePipeline.from_pretrained("data/models/pipeline")
pipeline("voice.wav", guidance=1, num_images=4, seed=0).images[0].save("face.png")
"""

from s2f.pipeline.drawing import Drawing, Walk
from s2f.pipeline.speech_to_face import STATEMENT, Faces, SpeechToFacePipeline

__all__ = ["STATEMENT", "Drawing", "Faces", "SpeechToFacePipeline", "Walk"]
