"""A file with holes, lent to ffmpeg on this machine's own address while it looks for what it needs.

ffmpeg opens nothing but this: what it asks for is fetched by yt-dlp, with its cookies and headers, behind the guard.
"""

import contextlib
import http.server
import re
import secrets
import select
import socket
import threading
from collections.abc import Iterator
from typing import Any

from s2f.media.ranges import BLOCK, RangedFile

LOOK_S = 0.02  # how often the server looks whether it should end
HOP_S = 0.01  # that ffmpeg is given to hang up, before more is fetched than it may want


@contextlib.contextmanager
def served(file: RangedFile) -> Iterator[str]:
    """The URL under which the file can be read, with Range, as long as the block goes on.

    What ends a reading early is kept in `file.failure`.
    """
    secret = f"/{secrets.token_urlsafe(16)}"  # other users of this machine need not read along
    handler = type("Serving", (_Handler,), {"file": file, "secret": secret})
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(LOOK_S,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}{secret}"
        finally:
            server.shutdown()
            thread.join()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = False  # the end of the block waits for a request under way: it may be writing

    def handle_error(self, request: Any, client_address: Any) -> None:
        """ffmpeg hangs up whenever it has read enough."""


class _Handler(http.server.BaseHTTPRequestHandler):
    file: RangedFile
    secret: str
    timeout = 60

    def setup(self) -> None:
        """Keep little on the way: what is sent and not read was fetched in vain."""
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BLOCK)
        super().setup()

    def log_message(self, format: str, *words: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Send from where it was asked for to the end, or until nobody listens."""
        self.close_connection = True
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "bytes=0-"))
        total = self.file.total
        if self.path != self.secret or not found or int(found[1]) >= total:
            self.send_error(404 if self.path != self.secret else 416)
            return
        start = int(found[1])
        stop = min(int(found[2]) + 1, total) if found[2] else total
        self.send_response(206)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(stop - start))
        self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{total}")
        self.end_headers()
        with contextlib.suppress(ConnectionError, TimeoutError):
            while start < stop:
                end = min(start - start % BLOCK + BLOCK, stop)
                if not self.file.holds(start) and select.select([self.connection], [], [], HOP_S)[0]:
                    return  # it hung up: it has read enough, and is on its way to another place
                try:
                    content = self.file.read(start, end)
                except Exception as error:
                    self.file.failure = error
                    return
                self.wfile.write(content)
                start = end
