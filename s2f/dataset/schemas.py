"""The columns of every table, once.

Pictures and sound are `{bytes, path}` structs, as Hugging Face `datasets` stores them. DuckDB and pandas read the files
as they are; `datasets` reads those without spectrograms, for it knows no Arrow tensors of a fixed shape.
"""

import pyarrow as pa

SCHEMA_VERSION = 3
EMBEDDING = 512  # ArcFace
SPECTROGRAM_SHAPE = (598, 257, 2)  # frames, bins, real and imaginary part

media = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
embedding = pa.list_(pa.float32(), EMBEDDING)
box = pa.list_(pa.float32(), 4)  # left, top, right, bottom, in pixels
keypoints = pa.list_(
    pa.float32(), 12
)  # six x, y pairs in pixels: right eye, left eye, nose tip, mouth, right ear, left ear
spectrogram = pa.fixed_shape_tensor(pa.float16(), SPECTROGRAM_SHAPE)
labels = [  # null where not known
    ("age", pa.float32()),  # years
    ("gender", pa.string()),  # "f" or "m"
    ("person", pa.string()),  # rows of one person share it
]

SPEECH_FACES = pa.schema(
    [
        ("clip_id", pa.string()),
        ("youtube_id", pa.string()),
        ("start_s", pa.float64()),
        ("end_s", pa.float64()),
        ("frame_s", pa.float32()),  # where in the clip the face was found
        ("face", media),  # JPEG crop
        ("face_box", box),  # in the frame
        ("face_score", pa.float32()),
        ("keypoints", keypoints),  # in the frame
        ("embedding", embedding),  # unit length
        ("spectrogram", spectrogram),
        ("speech", media),  # FLAC, 16 kHz mono, at most six seconds
        *labels,
    ]
)

PORTRAITS = pa.schema(
    [
        ("image_id", pa.string()),
        ("face", media),  # JPEG crop at the super-resolution size
        ("face_box", box),
        ("face_score", pa.float32()),
        ("embedding", embedding),
        *labels,
    ]
)

LEDGER = pa.schema(
    [
        ("id", pa.string()),  # clip_id or image_id
        ("status", pa.string()),  # ok | filtered | permanent | transient | blocked
        ("reason", pa.string()),  # null when ok
        ("message", pa.string()),  # the tool's own words
        ("attempts", pa.int32()),  # to fetch it; 0 where that was never tried
        ("split", pa.string()),
        ("shard", pa.int32()),
        (
            "item",
            pa.string(),
        ),  # hash of what was tried and of all that decides its end; the same one is not tried again
        ("tools", pa.string()),  # versions, as JSON
    ]
)

# One row per generated face.
GENERATED = pa.schema(
    [
        ("clip_id", pa.string()),
        ("guidance", pa.float32()),  # the paper's w
        ("sample", pa.int32()),
        ("seed", pa.int64()),
        ("small", media),  # PNG, as the face decoder drew it
        ("face", media),  # PNG, enlarged
    ]
)

# One row per voice that was generated from: what the encoder heard.
HEARD = pa.schema([("clip_id", pa.string()), ("embedding", embedding)])

# One row per validation portrait that was shrunk and enlarged again.
ENLARGED = pa.schema(
    [
        ("image_id", pa.string()),
        ("person", pa.string()),  # as in PORTRAITS
        ("true", media),
        ("small", media),
        ("super_resolution", media),
        ("bicubic", media),
    ]
)

# One row per picture looked at: everything evaluation needs, so that each is detected, aligned and embedded once.
MEASURED = pa.schema(
    [
        ("source", pa.string()),  # true | generated | portrait | super_resolution | bicubic
        ("id", pa.string()),  # clip_id or image_id
        ("guidance", pa.float32()),  # null but for generated
        ("sample", pa.int32()),  # likewise
        ("faces", pa.int32()),  # found by the detector
        ("face_px", pa.float32()),  # longer side of the largest one's box; null where there is none
        # Null where no face was found; not of fixed size, for pyarrow 25 cannot read a null of one back.
        ("embedding", pa.list_(pa.float32())),
        ("age", pa.float32()),  # the judge's estimate, years; null too where the judge found no face in it
        ("male", pa.float32()),  # the judge's probability
        ("yaw_degrees", pa.float32()),
        (
            "measures",
            pa.map_(pa.string(), pa.float32()),
        ),  # by name; null where no mesh was found
        (
            "measures_dlib",
            pa.map_(pa.string(), pa.float32()),
        ),  # the same on dlib's points; null where no face was found, or no predictor is named
        ("label_age", pa.float32()),
        ("label_gender", pa.string()),
        # Against the true portrait; null but for super_resolution and bicubic.
        ("psnr_db", pa.float32()),  # infinite for the same picture
        ("ssim", pa.float32()),
        ("colour_shift", pa.float32()),  # ΔE*ab of block means
    ]
)
