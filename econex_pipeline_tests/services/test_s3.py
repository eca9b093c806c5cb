"""Tables, pages and writers on a real S3 server, and every way in which a bucket cannot be used."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts import EconexError, InputError, Provenance
from econex_pipeline.orchestration.object_store import ObjectStore
from econex_pipeline.orchestration.storage import Storage
from econex_pipeline_tests.orchestration.test_pages import serving
from econex_pipeline_tests.services.s3_server import FORGETFUL, SECRET, STRICT, S3Server, s3_server
from econex_pipeline_tests.services.servers import free_port

pytestmark = pytest.mark.services

DAY, FOLDER = "2025-07-15", "operations/base"
ORIGIN = Provenance("base", "2025-07-14T17:00:00+00:00", "0.1.0+abc", "inputs-1")
LEASE_S = 1.0
NUMBERS = count()


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture(autouse=True)
def env(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.env.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def url(server: S3Server) -> str:
    return server.bucket(f"econex-{next(NUMBERS)}")


@pytest.fixture
def storage(url: str) -> Storage:
    return Storage(root=url)


@pytest.fixture
def prices() -> pd.DataFrame:
    names = ["buy_price_usd_kwh", "sell_price_usd_kwh", "water_buy_usd_m3", "water_sell_usd_m3", "sewer_usd_m3"]
    times = pd.date_range("2025-07-15T05:00", periods=24, freq="h", tz="UTC", unit="ns")
    columns = {name: np.full(24, 0.1 / 3.0) for name in [*names, "carbon_kg_kwh"]}
    return pd.DataFrame({"time_utc": times, **columns})


def test_a_table_in_a_bucket_is_the_file_in_a_folder(storage: Storage, prices: pd.DataFrame, tmp_path: Path) -> None:
    folder = Storage(root=str(tmp_path))
    address = storage.write(prices, "PRICES", "prices", DAY, ORIGIN, {"note": 1})
    file = Path(folder.write(prices, "PRICES", "prices", DAY, ORIGIN, {"note": 1}))
    assert address == f"{storage.root}/prices/base/{DAY}.parquet"
    assert storage.store.read(f"prices/base/{DAY}.parquet") == file.read_bytes()
    pd.testing.assert_frame_equal(storage.read("PRICES", "prices", "base", DAY), prices, check_exact=True)
    assert storage.origin("prices", "base", DAY) == ORIGIN
    assert storage.digest("prices", "base", DAY) == folder.digest("prices", "base", DAY)
    assert storage.extra("prices", "base", DAY) == {"note": 1}
    assert storage.holds("prices", "base", DAY, "inputs-1")


def test_a_missing_or_broken_object_is_named(storage: Storage, prices: pd.DataFrame) -> None:
    assert storage.digest("prices", "base", DAY) is None
    with pytest.raises(InputError, match=r"s3://.*\.parquet.*expected prices of case base to be materialized first"):
        storage.read("PRICES", "prices", "base", DAY)
    storage.store.put(f"prices/base/{DAY}.parquet", b"half a table")
    with pytest.raises(InputError, match=r"s3://.*\.parquet.*materialize it again"):
        storage.read("PRICES", "prices", "base", DAY)


def test_who_reads_while_another_writes_sees_a_whole_content(url: str) -> None:
    store, contents, ended = ObjectStore(url), [letter * 300_000 for letter in (b"a", b"b")], threading.Event()
    store.put("plan/base/x", contents[0])

    def write() -> None:
        for number in range(40):
            store.put("plan/base/x", contents[number % 2])
        ended.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = {store.read("plan/base/x") for _ in iter(ended.is_set, True)}
    writer.join()
    assert seen <= set(contents)


def test_more_names_than_a_page_of_the_server_holds_are_listed(url: str, server: S3Server) -> None:
    store, bucket = ObjectStore(url), url.split("/")[2]
    names = [f"report/base/{number:04d}.html" for number in range(201)]
    server.client().put_object(Bucket=bucket, Key="report/base/outside.html", Body=b"")
    for name in names:
        store.put(name, b"")
    store.put("report/base/0001.parquet", b"")
    assert store.names("report", ".html") == store.names("report/base", ".html") == names
    assert store.names("rep", ".html") == []


def test_of_two_writers_the_second_waits_for_the_first(url: str) -> None:
    order, entered = [], threading.Event()

    def first() -> None:
        with ObjectStore(url, LEASE_S).alone(FOLDER, "first", waits=print):
            entered.set()
            waited.wait(30)
            order.append("first")

    waited, holders = threading.Event(), []
    thread = threading.Thread(target=first)
    thread.start()
    entered.wait(30)
    with ObjectStore(url, LEASE_S).alone(FOLDER, "second", waits=lambda who: (holders.append(who), waited.set())):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]
    assert holders[0].startswith(f"first, process {os.getpid()} on ")


def test_a_writer_that_renews_is_not_followed_however_long_it_takes(url: str) -> None:
    order = []

    def second() -> None:
        with ObjectStore(url, LEASE_S).alone(FOLDER, "second", waits=lambda who: None):
            order.append("second")

    thread = threading.Thread(target=second)
    with ObjectStore(url, LEASE_S).alone(FOLDER, "first", waits=print):
        thread.start()
        thread.join(4 * LEASE_S)
        order.append("first")
    thread.join(30)
    assert order == ["first", "second"]


def test_a_killed_writer_is_followed(url: str) -> None:
    code = (
        "import sys, time; from econex_pipeline.orchestration.object_store import ObjectStore\n"
        "with ObjectStore(sys.argv[1], float(sys.argv[2])).alone(sys.argv[3], 'killed', waits=print):\n"
        "    print('in', flush=True); time.sleep(600)"
    )
    holders: list[str] = []
    command = [sys.executable, "-W", "ignore", "-c", code, url, str(LEASE_S), FOLDER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in\n"
        process.send_signal(signal.SIGKILL)
    with ObjectStore(url).alone(FOLDER, "next", waits=holders.append):
        pass
    assert [holder.split(",")[0] for holder in holders] == ["killed"]
    assert f"process {process.pid}" in holders[0]


def test_a_writer_that_was_paused_and_followed_writes_no_more(url: str) -> None:
    paused, following = ObjectStore(url, LEASE_S), ObjectStore(url, LEASE_S)
    with paused.alone(FOLDER, "paused", waits=print):
        paused.put(f"{FOLDER}/a", b"paused")
        lease = paused._leases[FOLDER]
        lease._ended.set()  # as a process that is stopped: nothing is renewed
        lease._renewing.join()
        lease._renewed -= LEASE_S
        with following.alone(FOLDER, "following", waits=lambda who: None):
            following.put(f"{FOLDER}/a", b"following")
            with pytest.raises(EconexError, match=r"paused.*following.*has taken over; start the run again"):
                paused.put(f"{FOLDER}/a", b"paused again")
            paused.put("plan/base/a", b"no lease is needed here")
    assert following.read(f"{FOLDER}/a") == b"following"
    with ObjectStore(url).alone(FOLDER, "third", waits=lambda who: pytest.fail(f"waits for {who}")):
        pass


def test_a_server_that_ignores_conditions_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with s3_server(FORGETFUL) as forgetful:
        monkeypatch.setenv("AWS_ENDPOINT_URL", forgetful.url)
        store = ObjectStore(forgetful.bucket("econex"))
        refusal = pytest.raises(InputError, match="ignores the conditions If-None-Match and If-Match")
        with refusal, store.alone(FOLDER, "first", waits=print):
            pass


def _ways(store: ObjectStore) -> list[str]:
    """What is said, whichever way the store is used."""
    said = []
    for use in (
        lambda: store.read("plan/base/x"),
        lambda: store.put("plan/base/x", b"x"),
        lambda: store.names("plan", ".parquet"),
        lambda: store.alone(FOLDER, "me", waits=print).__enter__(),
    ):
        with pytest.raises(InputError) as refused:
            use()
        assert SECRET not in str(refused.value)
        said.append(str(refused.value))
    return said


def test_a_missing_bucket_is_named() -> None:
    assert all(
        "s3://nobody-made-it: bucket: there is none" in said for said in _ways(ObjectStore("s3://nobody-made-it"))
    )


def test_who_is_unknown_or_may_not_is_told_so_and_no_secret_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    with s3_server(STRICT) as strict:
        store, iam = strict.bucket("econex"), strict.client("iam")
        keys = {}
        for user, actions in {"writer": ["s3:*"], "reader": ["s3:GetObject", "s3:ListBucket"]}.items():
            rule = {"Effect": "Allow", "Action": actions, "Resource": "*"}
            policy = json.dumps({"Version": "2012-10-17", "Statement": [rule]})
            iam.create_user(UserName=user)
            iam.put_user_policy(UserName=user, PolicyName="rule", PolicyDocument=policy)
            key = iam.create_access_key(UserName=user)["AccessKey"]
            keys[user] = key["AccessKeyId"], key["SecretAccessKey"]
        strict.only_users()

        def use(key: str, secret: str) -> ObjectStore:
            monkeypatch.setenv("AWS_ENDPOINT_URL", strict.url)
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
            return ObjectStore(store)

        with use(*keys["writer"]).alone(FOLDER, "writer", waits=print):
            pass
        assert all("InvalidAccessKeyId" in said for said in _ways(use("AKIAIOSFODNN7EXAMPLE", SECRET)))
        assert all("SignatureDoesNotMatch" in said for said in _ways(use(keys["writer"][0], SECRET)))
        reader = use(*keys["reader"])
        assert reader.names("plan", ".parquet") == []
        with pytest.raises(InputError, match="answered AccessDenied; set AWS_ACCESS_KEY_ID"):
            reader.put("plan/base/x", b"x")


def test_credentials_that_are_missing_are_asked_for(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert all("missing; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in said for said in _ways(ObjectStore(url)))


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("AWS_ENDPOINT_URL", "nonsense", "AWS_ENDPOINT_URL has to be such as"),
        ("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}", "no answer (EndpointConnectionError)"),
        ("AWS_DEFAULT_REGION", "us east", "set AWS_DEFAULT_REGION"),
    ],
)
def test_a_server_that_is_not_there_is_told(url: str, monkeypatch, name: str, value: str, sentence: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError) as refused:
        ObjectStore(url).read("plan/base/x")
    assert sentence in str(refused.value)


def test_what_has_to_be_installed_is_said(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(InputError, match=r"pip install econex_pipeline\[s3\]"):
        ObjectStore(url)


def test_pages_are_served_from_a_bucket_and_nothing_else_is(storage: Storage, prices: pd.DataFrame) -> None:
    with serving(storage) as pages:
        assert "No day has been reported yet" in pages.get("/")[2]
        assert storage.write_page("<p>a day</p>", "report", "base", DAY) == f"{storage.root}/report/base/{DAY}.html"
        storage.write(prices, "PRICES", "report", DAY, ORIGIN)
        storage.store.put("plan/base/secret.html", b"secret")
        listed = pages.get("/")[2]
        assert listed.count("href") == 1
        assert f'href="base/{DAY}.html"' in listed
        status, headers, text = pages.get(f"/base/{DAY}.html")
        assert (status, text) == (200, "<p>a day</p>")
        assert headers["X-Content-Type-Options"] == "nosniff"
        for target in ("base/2025-07-16.html", "../plan/base/secret.html", "base/..%2f..%2fplan%2fbase%2fsecret.html"):
            assert pages.get(f"/{target}")[0] == 404


def test_why_pages_cannot_be_read_is_told_to_the_operator_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(Storage(root="s3://nobody-made-it")) as pages:
        for target in ("/", f"/base/{DAY}.html"):
            status, _, text = pages.get(target)
            assert status == 503
            assert "s3://" not in text
    assert "s3://nobody-made-it: bucket: there is none" in capsys.readouterr().err
