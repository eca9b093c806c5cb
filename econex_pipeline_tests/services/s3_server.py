"""An S3 server in a process of its own: moto's, which answers the requests of AWS's own clients.

`python -m econex_pipeline_tests.services.s3_server PORT [--forgetful] [--strict]`. Its answers are made one at a time:
what moto looks at and what it then writes belong together, as in the servers it stands for. A forgetful server ignores
the conditions of a write. A strict one knows its users once it was told to (moto's reset-auth).
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from econex_pipeline_tests.services.servers import answers, free_port, wait_until

SECRET = "a-secret-of-the-test"
FORGETFUL, STRICT = "--forgetful", "--strict"
COUNTS = {"MOTO_S3_DEFAULT_MAX_KEYS": "100"}  # names that a page of a list holds: few, so that tests see several pages
CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH")


@dataclass(frozen=True)
class S3Server:
    """A running server.

    Attributes
    ----------
    url : str
        Its address.
    env : dict
        Environment of those who may use it.
    """

    url: str
    env: dict[str, str]

    def client(self, service: str = "s3") -> Any:
        """AWS's own client, for what the tests prepare and look at."""
        import boto3

        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=self.env["AWS_DEFAULT_REGION"],
            aws_access_key_id=self.env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.env["AWS_SECRET_ACCESS_KEY"],
        )

    def bucket(self, name: str) -> str:
        """Make a bucket; give the address of a folder in it."""
        self.client().create_bucket(Bucket=name)
        return f"s3://{name}/tables"

    def only_users(self) -> None:
        """From now on refuse whoever is no user: moto's count of requests that nobody is asked for is over."""
        plain = {"Content-Type": "text/plain"}
        asked = urllib.request.Request(f"{self.url}/moto-api/reset-auth", data=b"0", headers=plain)
        urllib.request.urlopen(asked, timeout=10).close()


@contextmanager
def s3_server(*options: str) -> Iterator[S3Server]:
    """Run a server that keeps everything in memory."""
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", __name__, str(port), *options]
    # so many requests before users are asked for: more than a test makes until it says so
    env = {**os.environ, **COUNTS, "INITIAL_NO_AUTH_ACTION_COUNT": "1000000" if STRICT in options else "inf"}
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: answers(port), "the S3 server")
        url = f"http://127.0.0.1:{port}"
        yield S3Server(
            url,
            {
                "AWS_ENDPOINT_URL": url,
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": "AKIAOFTHETEST",
                "AWS_SECRET_ACCESS_KEY": SECRET,
            },
        )
    finally:
        process.terminate()
        process.wait(30)


def _serve(port: int, forgetful: bool) -> None:
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, run_simple

    inner, turn = DomainDispatcherApplication(create_backend_app), threading.Lock()

    def one_at_a_time(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if forgetful:
            for name in CONDITIONS:
                environ.pop(name, None)
        with turn:
            return list(inner(environ, start))

    WSGIRequestHandler.protocol_version = "HTTP/1.1"  # connections are kept, as elsewhere
    run_simple("127.0.0.1", port, one_at_a_time, threaded=True)


if __name__ == "__main__":
    _serve(int(sys.argv[1]), FORGETFUL in sys.argv)
