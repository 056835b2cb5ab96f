"""A program that a test asks instead of inaFaceAnalyzer: it answers by colours, or does what its first word says.

python standing_judge.py WORD FOLDER < questions > answers
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

word, folder = sys.argv[1], Path(sys.argv[2])
HELLO = {"version": "1.0", "weights": {"judge.bin": "a" * 64, "finder.bin": "b" * 64, "points.bin": "c" * 64}}


def answer(file, box):
    """Age is red, male is blue over 255, and a black picture shows no face."""
    red, _, blue = np.asarray(Image.open(file), float).mean((0, 1))
    return [file, float(red), float(blue / 255)] if red or blue else [file, None, None]


print("chatter of a library", file=sys.stderr)
if word == "unable":
    print("error: the weights cannot be had; go and get them.", file=sys.stderr)
    raise SystemExit(2)
if word in ("slow", "mute"):
    time.sleep(1.5 if word == "slow" else 60)
print("Downloading…" if word == "chatty" else json.dumps([1] if word == "odd" else HELLO), flush=True)
if word == "deaf":
    time.sleep(60)
for number, line in enumerate(sys.stdin):
    answers = [answer(*face) for face in json.loads(line)]
    if word == "dies" and number == 1:
        print("  MemoryError: no room\n  for a tensor\n", file=sys.stderr)
        raise SystemExit(7)
    if word == "shuffles":
        answers.reverse()
    if word == "forgets":
        answers.pop()
    if word == "babbles":
        print("Epoch 1/1")
    if word == "floods":
        print("x" * 3_000_000, end="")
    if word == "counts":
        answers = [[file, len(list(folder.iterdir())), 0.5] for file, _, _ in answers]
    print(json.dumps(answers), flush=True)
    if word == "hangs":
        time.sleep(60)
