"""A web server for tests: the files of a folder, with Range, and everything that servers do wrong.

In a test: the fixture `video_server`. As a process of its own, for builds that get killed:

    python tests/video_server.py FOLDER --port 8000 --rules rules.json

What it does wrong is said by rules, file name → fault; `/FAULT/name` asks for a fault by the path. Faults:

    404 (any status) · stall · reset · cut · page · drip · drip-headers · endless · endless-headers · huge-header
    slow · no-range · other-range · bomb · loop · to:URL
    first:N:FAULT (N requests, then none) · after:N:FAULT (none, for N)

It counts requests and bytes by file name; `/counts` answers with them as JSON.
"""

import argparse
import contextlib
import gzip
import http.server
import json
import re
import socket
import struct
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit

TYPES = {
    ".mp4": "video/mp4", ".m4a": "audio/mp4", ".webm": "video/webm", ".mkv": "video/x-matroska", ".ts": "video/mp2t",
    ".m3u8": "application/vnd.apple.mpegurl", ".mpd": "application/dash+xml", ".html": "text/html",
}  # fmt: skip
BLOCK = 1 << 14
DRIP_S = 0.02  # between two bytes
SLOW_S = 1.5  # before each answer


class VideoServer:
    """Serves until its block ends."""

    def __init__(self, folder, port=0, rules=None):
        self.folder = Path(folder)
        self.rules = dict(rules or {})
        self.requests, self.sent = Counter(), Counter()  # by file name
        self.headers = []  # of every request, in order
        self.stopped = threading.Event()
        self._lock = threading.Lock()
        self._server = _Threads(("127.0.0.1", port), type("Handler", (_Handler,), {"site": self}))
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *error):
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def count(self, name, headers):
        """A request; the fault it is to meet, if any."""
        with self._lock:
            self.requests[name] += 1
            self.headers.append(dict(headers))
            return self.requests[name]

    def count_bytes(self, name, sent):
        with self._lock:
            self.sent[name] += sent


class _Threads(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Clients hang up as they like."""


class _Handler(http.server.BaseHTTPRequestHandler):
    site: VideoServer
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, *words):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        self.close_connection = True
        *fault, name = unquote(urlsplit(self.path).path).strip("/").split("/")
        if name == "counts":
            counts = {"requests": self.site.requests, "sent": self.site.sent}
            return self.answer(200, json.dumps(counts).encode(), "application/json")
        number = self.site.count(name, self.headers)
        fault = fault_now("/".join(fault) or self.site.rules.get(name, ""), number)
        self.name, self.path_of = name, self.site.folder / name
        if fault.isdigit():
            return self.answer(int(fault), b"")
        if fault.startswith("to:"):
            return self.answer(302, b"", Location=fault.removeprefix("to:"))
        if fault == "loop":
            return self.answer(302, b"", Location=self.path)
        if fault == "page":
            return self.answer(200, b"<html><body>hello</body></html>", "text/html")
        if fault == "bomb":
            return self.answer(200, gzip.compress(bytes(200_000_000)), "text/html", **{"Content-Encoding": "gzip"})
        if fault == "slow":
            self.site.stopped.wait(SLOW_S)
        special = getattr(self, f"_{fault.replace('-', '_')}", None)
        if fault and special:
            with contextlib.suppress(OSError):
                special()
            return None
        if not self.path_of.is_file():
            return self.answer(404, b"")
        return self._file(fault)

    def answer(self, status, content, kind="video/mp4", **headers):
        self.send_response(status)
        for key, value in ({"Content-Type": kind, "Content-Length": str(len(content))} | headers).items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "GET":
            self._write(content)

    def _file(self, fault):
        total = self.path_of.stat().st_size
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        start, stop = 0, total
        if asked and fault not in ("no-range", "other-range"):
            start, stop = int(asked[1]), min(int(asked[2]) + 1 if asked[2] else total, total)
            if start >= total:
                return self.answer(416, b"", **{"Content-Range": f"bytes */{total}"})
        elif fault == "other-range":
            start = 1
        self.send_response(206 if start > 0 or (asked and fault != "no-range") else 200)
        self.send_header("Content-Type", TYPES.get(self.path_of.suffix, "application/octet-stream"))
        self.send_header("Content-Length", str(stop - start))
        self.send_header("ETag", f'"{self.path_of.stat().st_mtime_ns:x}"')
        if fault != "no-range":
            self.send_header("Accept-Ranges", "bytes")
        if asked and fault != "no-range":
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{total}")
        self.end_headers()
        if self.command == "HEAD":
            return None
        with contextlib.suppress(OSError), self.path_of.open("rb") as file:
            file.seek(start)
            left = stop - start
            if fault in ("cut", "reset"):
                left //= 2
            while left > 0 and not self.site.stopped.is_set():
                content = file.read(1 if fault == "drip" else min(BLOCK, left))
                left -= len(content)
                self._write(content)
                if fault == "drip":
                    time.sleep(DRIP_S)
            if fault == "reset":
                self._reset()

    def _write(self, content):
        with contextlib.suppress(ConnectionError, TimeoutError):
            self.site.count_bytes(getattr(self, "name", ""), len(content))  # before whoever reads them can ask
            self.wfile.write(content)
            return
        raise BrokenPipeError

    def _reset(self):
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _stall(self):
        self.site.stopped.wait()

    def _drip_headers(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.site.stopped.wait(DRIP_S):
            self.wfile.write(b"x")

    def _endless_headers(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not self.site.stopped.is_set():
            self.wfile.write(b"X-More: " + b"x" * 60_000 + b"\r\n")

    def _huge_header(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Huge: ")
        for _ in range(100):
            self.wfile.write(b"x" * 1_000_000)
        self.wfile.write(b"\r\n\r\n")

    def _endless(self):
        kind = TYPES.get(self.path_of.suffix, "application/octet-stream")
        self.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n".encode())
        start = self.path_of.read_bytes() if self.path_of.is_file() else b"<html><body>"
        self._write(start)
        while self.command == "GET" and not self.site.stopped.is_set():
            self._write(b"a" * BLOCK)


def fault_now(rule, number):
    """The fault that a file's request of this number meets."""
    first, after = re.fullmatch(r"first:(\d+):(.+)", rule), re.fullmatch(r"after:(\d+):(.+)", rule)
    if first:
        return first[2] if number <= int(first[1]) else ""
    if after:
        return after[2] if number > int(after[1]) else ""
    return rule


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rules", type=Path)
    asked = parser.parse_args()
    rules = json.loads(asked.rules.read_text()) if asked.rules else {}
    with VideoServer(asked.folder, asked.port, rules) as server:
        print(server.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
