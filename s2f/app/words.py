"""What the page says whoever looks at it: what a face from a voice is, what it is not, what happens to a recording."""

from s2f.params.face_models import LICENCE
from s2f.pipeline import STATEMENT

LONGEST_SECONDS = 120  # of a recording; six are heard
MAX_MEGABYTES = 25  # a minute of uncompressed stereo is 10 MB
KEPT_MINUTES = 15  # how long uploads and pictures lie on the server's disk
DRAW_SECONDS = 120  # that one visitor may keep the others waiting

INTRODUCTION = f"""# s2f: speech in, faces out
**{STATEMENT}** The faces below show what people who sound like this one tend to look like, to a model with the
biases of its data. Do not use them to find, judge or accuse anyone. Models trained on the embedded sample draw cartoon
faces of synthetic voices, and say nothing about people."""
LIMITS = f"""Any sound or video file with one speaker, up to {MAX_MEGABYTES} MB and {LONGEST_SECONDS // 60} minutes; the
first six seconds are heard. Recordings and pictures stay on this machine and are deleted after {KEPT_MINUTES} minutes;
nobody counts visits."""
# Trained models do not know whose network embedded the faces they learned from, so that every page says both.
FOOTER = f"{STATEMENT} {LICENCE}: if these models were trained with them, so is this page."
