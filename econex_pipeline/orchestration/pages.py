"""A small server for the pages of operated days: `python -m econex_pipeline.orchestration.pages`.

It answers on this machine only, with two kinds of things: the list of pages, and one page of a case and day. No other
table of the storage can be reached through it. Browsers do not follow a link from Dagster's pages to a file, hence a
server. It is made of Starlette and uvicorn, which Dagster's own webserver brings along; the standard library's server
is, by its own words, not for production.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from html import escape
from ipaddress import ip_address

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from econex_pipeline.contracts import EconexError
from econex_pipeline.orchestration.assets.reporting import REPORT
from econex_pipeline.orchestration.storage import PAGE, Storage

PORT = 3001
HERE = ("127.0.0.1", "localhost", "[::1]")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def application(storage: Storage, behind_proxy: bool = False) -> Starlette:
    """Give the server's application.

    Parameters
    ----------
    storage : Storage
        Where the pages are.
    behind_proxy : bool
        Whether a proxy in front answers for names and logins: then any host name is taken. Else only names of this
        machine are, so that no page of the web can read along through a name it pointed here.
    """

    def listed(request: Request) -> Response:
        return HTMLResponse(_list(storage), headers=HEADERS)

    def page(request: Request) -> Response:
        case, day = request.path_params["case"], request.path_params["day"]
        content = storage.page(REPORT.name, case, day)
        if content is None:
            raise HTTPException(404, "there is no such page")
        return HTMLResponse(content, headers=HEADERS)

    def refused(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        detail = error.detail if isinstance(error, HTTPException) else "an error"
        return PlainTextResponse(f"{detail}\n", status, headers=HEADERS)

    def unread(request: Request, error: Exception) -> Response:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return PlainTextResponse("the pages cannot be read at present\n", 503, headers=HEADERS)

    hosts = ["*"] if behind_proxy else list(HERE)
    served = Starlette(
        routes=[Route("/", listed), Route(f"/{{case}}/{{day}}{PAGE}", page)],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)],
        exception_handlers={HTTPException: refused, EconexError: unread},
    )
    served.router.redirect_slashes = False
    return served


def _list(storage: Storage) -> str:
    links = storage.pages(REPORT.name)
    items = "".join(f'<li><a href="{escape(c)}/{escape(d)}{PAGE}">{escape(c)}, {escape(d)}</a></li>' for c, d in links)
    body = f"<ul>{items}</ul>" if links else "<p>No day has been reported yet.</p>"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Days</title><h1>Reported days</h1>{body}</html>'
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the pages until stopped."""
    parser = argparse.ArgumentParser(prog="python -m econex_pipeline.orchestration.pages", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to answer on")
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--behind-proxy", action="store_true", help="a proxy in front asks who is there")
    asked = parser.parse_args(arguments)
    if not asked.behind_proxy and not _loopback(asked.host):
        print(f"error: {asked.host} is not this machine only; that needs a proxy with a login", file=sys.stderr)
        return 1
    try:
        storage = Storage()
        storage.where(REPORT.name, "any", "any")
    except EconexError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    served = application(storage, asked.behind_proxy)
    with suppress(KeyboardInterrupt):
        uvicorn.run(served, host=asked.host, port=asked.port, log_level="warning", server_header=False)
    return 0


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


if __name__ == "__main__":
    raise SystemExit(main())
