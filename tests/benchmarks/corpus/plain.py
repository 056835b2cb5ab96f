"""The same corpus as one plain loop: what somebody writes in an afternoon with the same libraries, and nothing of s2f.

yt-dlp fetches, ffmpeg decodes, MediaPipe finds the face, insightface loads the network and calls it, torch makes the
spectrogram, libsndfile and pyarrow write. One thread asks, cuts, looks, listens and writes; nothing is resumed,
retried, checked or recorded. Networks are loaded within the time that is measured, imports before.

    python plain.py URL LIST OUT ARCFACE
"""

import csv
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import imageio_ffmpeg
import mediapipe
import numpy as np
import onnxruntime
import pyarrow as pa
import pyarrow.parquet as pq
import soundfile
import torch
import yt_dlp
from insightface import model_zoo
from PIL import Image

FFMPEG = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", "-loglevel", "error", "-threads", "1"]
TEMPLATE = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [56.1396, 92.2848]])
RATE, SOUND_S, FACE_S, FPS, FACE_PX, MARGIN = 16000, 6.0, 3.0, 5, 128, 0.9
WIDTH, HEIGHT = 640, 480  # known to this script; a real one would have to ask


def sound_of(path, begin, seconds):
    command = [*FFMPEG, "-ss", f"{begin}", "-i", path, "-t", f"{seconds}", "-map", "a:0", "-ac", "1", "-ar", f"{RATE}"]
    raw = subprocess.run([*command, "-f", "s16le", "pipe:"], capture_output=True, check=True).stdout
    return np.frombuffer(raw, "<i2").astype(np.float32) / 32768


def face_of(path, begin, detectors):
    """The first frame with exactly one face, and the face's points in it."""
    command = [*FFMPEG, "-ss", f"{begin}", "-i", path, "-map", "V:0", "-vf", f"fps={FPS}", "-pix_fmt", "rgb24"]
    with subprocess.Popen([*command, "-f", "rawvideo", "pipe:"], stdout=subprocess.PIPE) as process:
        try:
            for _ in range(int(FACE_S * FPS)):
                raw = process.stdout.read(WIDTH * HEIGHT * 3)
                frame = np.frombuffer(raw, np.uint8).reshape(HEIGHT, WIDTH, 3)
                faces = []
                for detector in detectors:
                    for found in detector.process(frame).detections or ():
                        points = found.location_data.relative_keypoints
                        faces.append(np.array([(point.x * WIDTH, point.y * HEIGHT) for point in points]))
                middles = [face[:4].mean(0) for face in faces]
                if faces and all(np.linalg.norm(middle - middles[0]) < 60 for middle in middles):
                    return frame, faces[0]
        finally:
            process.kill()
    return None


def cropped(frame, points):
    """The head as FFHQ frames it."""
    right, left, _, mouth = points[:4]
    eyes = (right + left) / 2
    x = (left - right) + np.array([(mouth - eyes)[1], -(mouth - eyes)[0]])
    reach = MARGIN * max(2.0 * np.linalg.norm(left - right), 1.8 * np.linalg.norm(mouth - eyes))
    x *= reach / np.linalg.norm(x)
    y = np.array([-x[1], x[0]])
    corner = eyes + 0.1 * (mouth - eyes) - x - y
    square = np.float32([corner, corner + 2 * x, corner + 2 * y])
    move = cv2.getAffineTransform(square, np.float32([[0, 0], [FACE_PX, 0], [0, FACE_PX]]))
    return cv2.warpAffine(frame, move, (FACE_PX, FACE_PX), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)


def embedded(frame, points, network):
    move, _ = cv2.estimateAffinePartial2D(points[:4], TEMPLATE, method=cv2.LMEDS)
    aligned = cv2.warpAffine(frame, move, (112, 112), borderMode=cv2.BORDER_REPLICATE)
    vector = network.get_feat([np.ascontiguousarray(aligned[..., ::-1])])[0]
    return vector / np.linalg.norm(vector)


def spectrogram_of(speech, hann):
    six_seconds = torch.from_numpy(np.resize(speech, round(SOUND_S * RATE))).double()
    parts = torch.view_as_real(torch.fft.rfft(six_seconds.unfold(0, 400, 160) * hann, n=512))
    return (parts.sign() * parts.abs() ** 0.3).half().numpy()


def flac_of(speech):
    sink = io.BytesIO()
    soundfile.write(sink, speech, RATE, format="FLAC")
    return sink.getvalue()


def jpeg_of(picture):
    sink = io.BytesIO()
    Image.fromarray(picture).save(sink, "JPEG", quality=95, subsampling=0)
    return sink.getvalue()


def cpu_seconds():
    """Of this process, and of those that it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main(url, clip_list, out, arcface):
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    begun, cpu_begun = time.perf_counter(), cpu_seconds()
    detectors = [mediapipe.solutions.face_detection.FaceDetection(model, 0.5) for model in (0, 1)]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    network = model_zoo.get_model(arcface, providers=["CPUExecutionProvider"], sess_options=options)
    hann = torch.hann_window(400, dtype=torch.float64)
    rows = []
    with tempfile.TemporaryDirectory() as folder, Path(clip_list).open() as listed:
        quiet = {"quiet": True, "no_warnings": True, "noprogress": True, "outtmpl": f"{folder}/%(id)s.%(ext)s"}
        with yt_dlp.YoutubeDL(quiet | {"ffmpeg_location": "/nowhere", "format": "b"}) as downloader:
            for video, begin, end, *_ in csv.reader(listed):
                place = url.format(youtube_id=video)
                local = place.removeprefix("file:") if place.startswith("file:") else None
                path = local or downloader.prepare_filename(downloader.extract_info(place))
                found = face_of(path, begin, detectors)
                speech = sound_of(path, begin, min(float(end) - float(begin), SOUND_S))
                if not local:
                    Path(path).unlink()
                if found is None:
                    continue
                frame, points = found
                rows.append(
                    {
                        "clip_id": f"{video}_{round(float(begin) * 1000):08d}",
                        "face": jpeg_of(cropped(frame, points)),
                        "embedding": embedded(frame, points, network),
                        "spectrogram": spectrogram_of(speech, hann).reshape(-1),
                        "speech": flac_of(speech),
                    }
                )
    columns = {name: pa.array([row[name] for row in rows]) for name in rows[0]}
    pq.write_table(pa.table(columns), out, compression="zstd", row_group_size=32)
    seconds = time.perf_counter() - begun
    print(json.dumps({"seconds": seconds, "cpu": cpu_seconds() - cpu_begun, "kept": len(rows)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
