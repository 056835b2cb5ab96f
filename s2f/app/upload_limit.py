"""Refuses a request that is larger than it may be: before any of it is taken, or as soon as it shows."""

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class UploadLimit:
    """ASGI middleware around the page, its password included; gradio itself counts only some of what comes."""

    def __init__(self, app: ASGIApp, most_bytes: int) -> None:
        self._app, self._most = app, most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """413, or what the page answers; of a body without an announced length no more is taken than the limit."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = dict(scope.get("headers") or []).get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._most:
            await self._refuse(send)
            return
        taken, answered = 0, False

        async def counted() -> Message:
            nonlocal taken
            message = await receive() if taken <= self._most else {"type": "http.disconnect"}
            taken += len(message.get("body", b""))
            return message if taken <= self._most else {"type": "http.disconnect"}

        async def told(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self._app(scope, counted, told)
        except ClientDisconnect:  # what the page makes of the end that it was told
            if taken <= self._most or answered:
                raise
            await self._refuse(send)

    async def _refuse(self, send: Send) -> None:
        headers = [(b"content-type", b"text/plain"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": f"{self._most // 2**20} MB are the most.".encode()})
