"""A bucket of an S3-compatible object store, through s3fs: `pip install econex_pipeline[s3]`.

One object a name, put by one request: no reader sees half of it, and nothing is left of a put that was cut short.
Where the server is, its region, and who asks, are read from the environment by AWS's own rules: AWS_ENDPOINT_URL_S3 or
AWS_ENDPOINT_URL, AWS_DEFAULT_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN. None of them is kept
or shown here; of what goes wrong the server's code is told, not its words, which may repeat what was sent.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from econex_pipeline.contracts import InputError
from econex_pipeline.orchestration.lease import LEASE_S, Lease, Seen
from econex_pipeline.orchestration.stores import WRITER

if TYPE_CHECKING:
    from s3fs import S3FileSystem

CONNECT_S, ANSWER_S = 5, 60
TRIES = 4
REFUSED = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})
"""Codes of a write whose condition did not hold."""
MISSING = frozenset({"NoSuchKey", "404"})
UNKNOWN_CONDITION = frozenset({"NotImplemented", "501"})
ELSEWHERE = frozenset({"PermanentRedirect", "301", "307", "AuthorizationHeaderMalformed", "IllegalLocationConstraint"})
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class ObjectStore:
    """A bucket, or what stands in it below a prefix.

    Parameters
    ----------
    url : str
        ``s3://bucket`` or ``s3://bucket/prefix``.
    lease_s : float
        Time after which a writer that is not heard of may be followed by another [s].

    Raises
    ------
    InputError
        If the address is not of that form, or the packages for it are not installed.
    """

    def __init__(self, url: str, lease_s: float = LEASE_S) -> None:
        self.bucket, self.prefix = _parts(url)
        self.lease_s = lease_s
        self._leases: dict[str, Lease] = {}
        self._proved = False
        try:
            import s3fs  # noqa: F401
        except ImportError:
            said = "an address s3://... needs `pip install econex_pipeline[s3]`"
            raise InputError.saying("ECONEX_STORAGE", "packages", said) from None

    def where(self, name: str) -> str:
        """Address of the object."""
        return f"s3://{self.bucket}/{self._key(name)}"

    def read(self, name: str) -> bytes:
        """Read an object."""
        with self._asked(name):
            return bytes(self._files.cat_file(f"{self.bucket}/{self._key(name)}"))

    def put(self, name: str, content: bytes) -> None:
        """Put an object; in a folder that is written under a lease, only while that is held."""
        lease = self._leases.get(name.rpartition("/")[0])
        if lease is not None:
            lease.ensure()
        with self._asked(name):
            self._put(name, content)

    def names(self, folder: str, suffix: str) -> list[str]:
        """Names of the objects below a folder."""
        start = self._key("")
        keys: list[str] = []
        more: dict[str, str] = {}
        with self._asked(folder):
            while True:
                asked = {"Bucket": self.bucket, "Prefix": self._key(f"{folder}/"), **more}
                page = self._files.call_s3("list_objects_v2", **asked)
                keys += [entry["Key"] for entry in page.get("Contents", ())]
                if not page.get("IsTruncated"):
                    return sorted(key.removeprefix(start) for key in keys if key.endswith(suffix))
                more = {"ContinuationToken": page["NextContinuationToken"]}

    @contextlib.contextmanager
    def alone(self, folder: str, who: str, waits: Callable[[str], None]) -> Iterator[None]:
        """Hold a lease; one whose holder was killed goes stale and is taken over."""
        name = f"{who}, process {os.getpid()} on {socket.gethostname()}"
        lease = Lease(self, f"{folder}/{WRITER}", name, self.lease_s)
        lease.take(waits)
        try:
            if not self._proved:
                lease.prove()
                self._proved = True
            self._leases[folder] = lease
            yield
        finally:
            self._leases.pop(folder, None)
            lease.give_back()

    def look(self, name: str) -> Seen | None:
        """See an object, its tag and its age; None where there is none."""
        from fsspec.asyn import sync

        async def look() -> Seen:
            answer = await self._files._call_s3("get_object", Bucket=self.bucket, Key=self._key(name))
            async with answer["Body"] as body:
                content = await body.read()
            now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
            return Seen(answer["ETag"], content, (now - answer["LastModified"]).total_seconds())

        try:
            with self._asked(name):
                return sync(self._files.loop, look)
        except FileNotFoundError:
            return None

    def put_if(self, name: str, content: bytes, tag: str | None) -> str | None:
        """Write an object over the content of a tag, or where there is none; give the new tag, or None if refused."""
        condition = {"IfNoneMatch": "*"} if tag is None else {"IfMatch": tag}
        try:
            with self._asked(name):
                return str(self._put(name, content, **condition)["ETag"])
        except (_Refused, FileNotFoundError):
            return None

    def _put(self, name: str, content: bytes, **condition: str) -> dict[str, Any]:
        key = self._key(name)
        return dict(self._files.call_s3("put_object", Bucket=self.bucket, Key=key, Body=content, **condition))

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    @cached_property
    def _files(self) -> S3FileSystem:
        import s3fs

        # Its own instance: lists are asked for anew each time, and no key of another user of s3fs comes in.
        return s3fs.S3FileSystem(
            skip_instance_cache=True,
            use_listings_cache=False,
            max_concurrency=1,  # one request reads an object: it is small
            config_kwargs={
                "connect_timeout": CONNECT_S,
                "read_timeout": ANSWER_S,
                "retries": {"mode": "standard", "max_attempts": TRIES},
                # AWS's newer checksums are unknown to many other servers; records carry checksums of their own
                "request_checksum_calculation": "when_required",
                "response_checksum_validation": "when_required",
            },
        )

    @contextlib.contextmanager
    def _asked(self, name: str) -> Iterator[None]:
        """Turn what a server or its client says into what a person can mend."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (OSError, ClientError, BotoCoreError, ValueError) as error:
            cause = error if isinstance(error, ClientError) else error.__cause__
            if isinstance(cause, ClientError):
                raise self._answered(str(cause.response.get("Error", {}).get("Code", "")), name, error) from None
            raise self._unanswered(error) from None

    def _answered(self, code: str, name: str, error: Exception) -> Exception:
        """Say what an answer of the server means."""
        if code in MISSING:
            return FileNotFoundError(self.where(name))
        if code in REFUSED:
            return _Refused(self.where(name))
        if code == "NoSuchBucket":
            return self._wrong("bucket", "there is none of this name; make it first, the pipeline makes none")
        if code in UNKNOWN_CONDITION:
            return self._wrong("object store", "the server knows no conditional writes, which are needed")
        if code in ELSEWHERE:
            return self._wrong("region", f"the server answered {code}; set AWS_DEFAULT_REGION to that of the bucket")
        if isinstance(error, PermissionError):
            needed = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of somebody who may list, read and write here"
            return self._wrong("access", f"the server answered {code}; set {needed}")
        return OSError(f"{self.where(name)}: the object store answered {code}")

    def _unanswered(self, error: Exception) -> Exception:
        """Say what it means that a question was not asked, or not answered."""
        kind = type(error).__name__
        if kind in ("NoCredentialsError", "PartialCredentialsError"):
            return self._wrong("credentials", "missing; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        if kind in ("NoRegionError", "InvalidRegionError"):
            return self._wrong("region", "missing or misspelt; set AWS_DEFAULT_REGION to that of the bucket")
        if isinstance(error, ValueError):
            return self._wrong("server", "AWS_ENDPOINT_URL has to be such as https://storage.example:9000")
        return self._wrong("server", f"no answer ({kind}); look at AWS_ENDPOINT_URL, the server and the network")

    def _wrong(self, field: str, sentence: str) -> InputError:
        return InputError.saying(f"s3://{self.bucket}", field, sentence)


class _Refused(Exception):
    """The condition of a write did not hold."""


def _parts(url: str) -> tuple[str, str]:
    """Bucket and prefix of an address; what does not fit is not repeated, as it might hold a password."""
    bucket, *folders = url.removeprefix("s3://").rstrip("/").split("/")
    if not _BUCKET.fullmatch(bucket) or not all(_FOLDER.fullmatch(folder) and ".." not in folder for folder in folders):
        said = "s3://bucket/prefix of lower-case letters, digits, '-' and '.', without names or passwords"
        raise InputError.saying("ECONEX_STORAGE", "address", f"it has to be {said}")
    return bucket, "/".join(folders)
