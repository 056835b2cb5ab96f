"""What every contestant does with its batches: count rows for so many seconds, and say how much memory it took at most.

Imported by an environment without s2f, too.
"""

import json
import re
import time
from pathlib import Path


def run(batches, begun, seconds):
    """Take batches (rows in each) until time is over; `begun` is when the reader was asked to open the files."""
    rows, first, end = 0, None, None
    for count in batches:
        now = time.perf_counter()
        if first is None:
            first, end = now, now + seconds
            continue
        rows += count
        if now > end:
            break
    took = time.perf_counter() - first
    status = Path("/proc/self/status")
    peak = int(re.search("VmHWM:[^0-9]+([0-9]+)", status.read_text())[1]) / 1000 if status.exists() else 0
    print(json.dumps({"rows": rows, "seconds": took, "peak_mb": peak, "start": first - begun}))
