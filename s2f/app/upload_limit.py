"""Refuses a request that announces more than it may hold, before any of it is taken."""

from starlette.types import ASGIApp, Receive, Scope, Send


class UploadLimit:
    """ASGI middleware; gradio itself counts only what has already come."""

    def __init__(self, app: ASGIApp, most_bytes: int) -> None:
        self._app, self._most = app, most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """413 and the connection's end, or what the page answers."""
        length = dict(scope.get("headers") or []).get(b"content-length", b"0")
        if scope["type"] != "http" or not length.isdigit() or int(length) <= self._most:
            await self._app(scope, receive, send)
            return
        headers = [(b"content-type", b"text/plain"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": f"{self._most // 2**20} MB are the most.".encode()})
