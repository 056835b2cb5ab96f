"""What was measured, as Markdown."""

import datetime
import platform
import statistics
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks.corpus.ours import BEHIND, PHASES

AIM = 0.9  # of the cores: parallel efficiency
LIBRARIES = ("yt-dlp", "imageio-ffmpeg", "mediapipe", "insightface", "onnxruntime", "torch", "pyarrow", "prefect")


def as_markdown(found, clips, films, cores, repeats, agrees):
    """A section of RESULTS.md."""
    lines = [
        f"Measured {datetime.date.today()} on {cores} cores of {cpu()}, Python {platform.python_version()}; "
        + ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
        + ".",
        f"N = {clips} clips of 6.5 s of {films} films (640×480, 25 fps, 10 s), each under {clips // films} names; "
        f"{repeats} turns, all contestants in each; median, and in brackets the least and the most.",
        "",
        "| | clips/s | processor s/clip | clips per processor s | kept |",
        "|---|---|---|---|---|",
    ]
    for name, runs in found.items():
        rate = spread([1 / per_clip(run, clips) for run in runs], ".2f")
        cpus = [(run["cpu"] + run.get("server_cpu", 0)) / clips for run in runs if "cpu" in run]
        used, per = (spread(cpus, ".3f"), spread([1 / one for one in cpus], ".2f")) if cpus else ("", "")
        lines.append(f"| {name} | {rate} | {used} | {per} | {runs[-1].get('kept', '')} |")
    runs = [run for name in found for run in found[name] if "busy" in run]
    foreign = sum(run["busy"] - run["contestant"] - run["server_cpu"] for run in runs)
    share = max(foreign / sum(run["clock"] for run in runs) / cores, 0.0)  # processors are counted in hundredths
    lines += ["", f"Of the machine {share:.0%} was at work for others meanwhile, the films' server among them.", ""]
    return "\n".join([*lines, agrees, *ratios(found, clips, cores), "", *phases(found["ours, 1 worker"], clips)])


def per_clip(run, clips):
    """Seconds; the peer is given fewer where it encodes."""
    return run["seconds"] / run.get("tried", clips)


def ratios(found, clips, cores):
    """Of what was measured in the same turn."""
    many = found[f"ours, {cores} workers"]

    def against(runs, others):
        return [per_clip(other, clips) / per_clip(run, clips) for run, other in zip(runs, others, strict=True)]

    efficiency = against(many, found["plain"])
    lines = [
        "",
        f"- **{cores} workers against the plain loop: {spread(efficiency, '.2f')} times its rate**, "
        f"{statistics.median(efficiency) / cores:.0%} of {cores}; the aim is {AIM:.0%}, that is {AIM * cores:.1f}.",
        f"- 1 worker against the plain loop: {spread(against(found['ours, 1 worker'], found['plain']), '.2f')}; "
        f"{cores} workers against 1: {spread(against(many, found['ours, 1 worker']), '.2f')}.",
    ]
    alone = against(found[f"ours, {cores} workers, local files"], found["plain, local files"])
    most = against(found[f"{cores} plain loops at once, local files"], found["plain, local files"])
    lines.append(
        f"- **Of local files, where no films' server is at work on the same cores: {spread(alone, '.2f')} times**, "
        f"{statistics.median(alone) / cores:.0%} of {cores}; {cores} plain loops at once, which is what the machine "
        f"allows, reach {spread(most, '.2f')} times."
    )
    floors = [one["seconds"] / run["cpu"] for one, run in zip(found["ffmpeg alone"], many, strict=True)]
    reached = [one["seconds"] / cores / run["seconds"] for one, run in zip(found["ffmpeg alone"], many, strict=True)]
    lines.append(
        f"- Bound by decoding: ffmpeg alone, on all {cores} cores, would take {spread(reached, '.0%')} of the build's "
        f"time, and takes {spread(floors, '.0%')} of its processor time. The rest is what is done with what it decodes."
    )
    for precision in ("exact", "low"):
        if name := next((name for name in found if name.endswith(f", {precision}")), None):
            lines.append(
                f"- {cores} workers against video2dataset ({precision}), which looks at no face and makes no "
                f"embedding or spectrogram: {spread(against(many, found[name]), '.2f')} times its rate."
            )
    return lines


def phases(runs, clips):
    """Where one worker's time goes."""
    total = sum(run["seconds"] for run in runs)
    lines = ["| one worker | ms a clip | share |\n|---|---|---|"]
    left = total
    for name in PHASES:
        took = sum(run["spent"].get(name, 0.0) for run in runs)
        left -= took
        lines.append(f"| {name} | {1000 * took / clips / len(runs):.1f} | {took / total:.1%} |")
    lines.append(
        f"| rest: Prefect, plan, ledger's bookkeeping | {1000 * left / clips / len(runs):.1f} | {left / total:.1%} |"
    )
    lines.append(f"| **all** | {1000 * total / clips / len(runs):.1f} | 100 % |")
    behind = sum(run["spent"].get(BEHIND, 0.0) for run in runs)
    lines.append("")
    lines.append(
        f"Fetching goes on behind it, {1000 * behind / clips / len(runs):.0f} ms a clip in two threads; `fetch` above "
        "is what a worker waits for. `networks` is loading them, once a worker. `crop` aligns and encodes the face, "
        "`write` is FLAC, Parquet and the ledger's file."
    )
    return lines


def spread(values, form):
    """Median, and the least and the most."""
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def cpu():
    """What the machine calls its processor."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
