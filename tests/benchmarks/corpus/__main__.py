"""Clips a second, side by side in one run: this build, a plain loop with the same libraries, and a peer.

    python -m tests.benchmarks.corpus                                     (from the repository's root)
    python -m tests.benchmarks.corpus --peer /path/to/peer/bin/python     (and the peer)

Eleven minutes on two quiet cores; with `--films 16 --repeats 1` one minute, which says little. The peer is
video2dataset 1.3.0 of PyPI, in an environment of its own. Of what it leaves open, newer versions break it:

    python3.11 -m venv peer
    peer/bin/pip install video2dataset==1.3.0 pandas==2.2.3 pyarrow==16.1.0 webdataset==0.2.86
    apt-get install ffmpeg     (it calls that by name)

All contestants read the same films from one server on this machine, each in a process of its own, in turns. On a
machine that does something else beside, the processor's seconds say more than the clock's. The table goes into
tests/benchmarks/RESULTS.md, by hand.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path

import psutil
from prefect.settings import PREFECT_API_URL
from ruamel.yaml import YAML

from flows.local_server import prefect_server
from tests.benchmarks.corpus import agreement, floor, table
from tests.benchmarks.corpus.films import BEGIN, draw_films

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent
NAMES = 4  # of each film: a short run would tell of its start alone
ENCODED = 32  # films that the peer cuts exactly
CORES = len(os.sched_getaffinity(0))


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.corpus")
    parser.add_argument("--films", type=int, default=64, help=f"drawn; each is listed under {NAMES} names")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peer", help="the Python of an environment that has video2dataset")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="s2f-benchmark-") as place, prefect_server() as server:
        folder = Path(place)
        draw_films(folder / "films", asked.films)
        clips = list_again(folder / "films")
        with films_served(folder / "films") as url:
            if server:
                server.wait()
            contestants = everyone(folder, url, asked.peer)
            found = defaultdict(list)
            for turn in range(asked.repeats):
                for name, run in contestants.items():
                    before = work_so_far(server)
                    found[name].append(run(folder / f"{turn}"))
                    found[name][-1] |= {key: value - before[key] for key, value in work_so_far(server).items()}
                    tell(name, found[name][-1])
                looked_at = agreement.frames_looked_at(folder / f"{turn}")
                known = [(folder / "films" / f"{video}.mp4", BEGIN, looked_at[video]) for video in clips]
                found["ffmpeg alone"].append(floor.measure(known))
                tell("ffmpeg alone", found["ffmpeg alone"][-1])
        agrees = agreement.compare(folder / "0")
    print(table.as_markdown(found, len(clips), asked.films, CORES, asked.repeats, agrees))


def list_again(films):
    """Each film under more names, for fetching is by name; names of all videos."""
    once = (films / "clips.csv").read_text().splitlines()
    rows = [f"{again}-{row}" for again in range(NAMES) for row in once]
    for row in rows:
        name = row.split(",")[0]
        os.link(films / f"{name.partition('-')[2]}.mp4", films / f"{name}.mp4")
    (films / "clips.csv").write_text("\n".join(rows) + "\n")
    return [row.split(",")[0] for row in rows]


class films_served:  # noqa: N801 - a context, as in `with`
    """The tests' own video server, as a process of its own; its URL."""

    def __init__(self, films):
        command = [sys.executable, ROOT / "tests" / "video_server.py", films]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self.process.stdout.readline().strip() + "{youtube_id}.mp4"

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait()


def everyone(folder, url, peer):
    """Name → a function of a new folder that runs a contestant once and gives what it measured."""
    params = YAML().load(ROOT / "params.yaml")
    arcface, clip_list = ROOT / params["face_models"]["arcface"], folder / "films" / "clips.csv"

    def ours(workers, name, url):
        file = folder / f"params-{name}.yaml"
        params["speech_faces"] |= {
            "source": f"{folder / 'films'}", "url": url, "workers": workers, "shard_clips": 8, "test_share": 0.1,
        }  # fmt: skip
        params["fetching"]["parallel"] = 2
        YAML().dump(params, file)
        return lambda turn: call(sys.executable, "-m", "tests.benchmarks.corpus.ours", file, turn / name)

    def plain(name, url):
        return lambda turn: call(sys.executable, HERE / "plain.py", url, clip_list, made(turn) / name, arcface)

    def at_once(name, url):
        """The whole list by as many processes as there are cores: what this machine allows."""
        loops = [plain(f"{number}-{name}", url) for number in range(CORES)]

        def run(turn):
            with ThreadPoolExecutor(CORES) as pool:
                # Prefect's settings are of a context, and a thread has none of its own.
                ends = [pool.submit(copy_context().run, loop, turn) for loop in loops]
                ends = [end.result() for end in ends]
            seconds, cpu = max(end["seconds"] for end in ends), sum(end["cpu"] for end in ends)
            return {"seconds": seconds / CORES, "cpu": cpu / CORES, "kept": ends[0]["kept"]}

        return run

    local = f"file:{folder / 'films'}/{{youtube_id}}.mp4"
    found = {
        "plain": plain("plain.parquet", url),
        "ours, 1 worker": ours(1, "ours1", url),
        f"ours, {CORES} workers": ours(CORES, f"ours{CORES}", url),
        "plain, local files": plain("plain-local.parquet", local),
        f"{CORES} plain loops at once, local files": at_once("plain-local.parquet", local),
        f"ours, {CORES} workers, local files": ours(CORES, "local", local),
    }
    few = folder / "few.csv"  # encoding takes a second and more a film
    few.write_text("".join(clip_list.read_text().splitlines(keepends=True)[:ENCODED]))
    for precision, listed in (("exact", few), ("low", clip_list)) if peer else ():
        found[f"video2dataset, {precision}"] = lambda turn, precision=precision, listed=listed: call(
            peer, HERE / "peer.py", url, listed, turn / f"peer-{precision}", precision, CORES
        )
    return found


def made(turn):
    turn.mkdir(exist_ok=True)
    return turn


def call(*command):
    """What a contestant prints as its last line, in JSON."""
    own = {**os.environ, "PYTHONPATH": f"{ROOT}", "PREFECT_API_URL": PREFECT_API_URL.value(), "WANDB_MODE": "disabled"}
    done = subprocess.run([*map(str, command)], cwd=ROOT, env=own, capture_output=True, text=True)
    try:
        return json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}") from None


def work_so_far(server):
    """Seconds of work: of Prefect's server (0 where it is another's), of contestants, of all cores; and the clock's."""
    serving = psutil.Process(server.process.pid).cpu_times() if server else None
    ours, all_cores = os.times(), psutil.cpu_times()
    return {
        "server_cpu": serving.user + serving.system if serving else 0.0,
        "contestant": ours.children_user + ours.children_system,
        "busy": sum(all_cores) - all_cores.idle - all_cores.iowait - all_cores.guest - all_cores.guest_nice,
        "clock": ours.elapsed,
    }


def tell(name, run):
    print(f"{name}: {run['seconds']:.1f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
