"""The door of the desk: who may come in, and what a browser may do with a page.

Any program and any page in a browser on this machine can send requests to a port of it. So each needs the token of the
address that was printed, or the cookie that the first visit sets. The name of the host must be this machine's, or a
page elsewhere could point its own name here (DNS rebinding). What changes marks must come from a page of the desk.
"""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 100_000
"""In a form."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Door:
    """Lets only the person in who has the token.

    Args:
        app: the desk.
        port: the port on which it is served.
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self.token = secrets.token_urlsafe(32)
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self._cookie = f"trivium-desk-{port}"  # cookies are shared by all ports of a host
        self.address = f"http://127.0.0.1:{port}/?token={self.token}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] != "http":
            return  # a websocket, which is closed by that

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        answer = self._refusal(scope) or self._app
        await answer(scope, receive, send_safely)

    def _refusal(self, scope: Scope) -> Response | None:
        """Return what is answered in the place of the desk; None for a request that may come in."""
        headers = Headers(scope=scope)
        if headers.get("host") not in self._hosts:
            return PlainTextResponse("The desk has another address.", 421)
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token")
        if given and scope["path"] == "/" and self._is_token(given[0]):
            entered = RedirectResponse("/", 303)
            entered.set_cookie(self._cookie, self.token, httponly=True, samesite="strict")
            return entered
        if not self._is_token(cookie_parser(headers.get("cookie", "")).get(self._cookie, "")):
            return PlainTextResponse("Open the address that trivium desk has printed: it has the token.", 403)
        if scope["method"] not in ("GET", "HEAD"):
            if headers.get("origin") not in {f"http://{host}" for host in self._hosts}:
                return PlainTextResponse("Only a page of the desk may change marks.", 403)
            length = headers.get("content-length", "")
            if not length.isdecimal() or int(length) > MOST_BYTES:
                return PlainTextResponse(f"A form has at most {MOST_BYTES:,} bytes.", 413)
        return None

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode(), self.token.encode())
