"""A lease among writers that share nothing but a store: the store here is a dictionary with a clock of its own."""

import threading
from dataclasses import dataclass, field

import pytest

from econex_pipeline.contracts import EconexError, InputError
from econex_pipeline.orchestration.lease import Lease, Seen
from econex_pipeline.orchestration.stores import FolderStore, store_at

NAME = "operations/base/writer.lock"
LEASE_S = 0.3


@dataclass
class Shelf:
    """A store in memory; `lost` answers to writes never arrive, and a forgetful one ignores conditions."""

    now_s: float = 0.0
    lost: int = 0
    forgetful: bool = False
    silent: bool = False
    kept: dict[str, tuple[str, bytes, float]] = field(default_factory=dict)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def where(self, name: str) -> str:
        return f"shelf/{name}"

    def look(self, name: str) -> Seen | None:
        self._answer()
        if name not in self.kept:
            return None
        tag, content, written_s = self.kept[name]
        return Seen(tag, content, self.now_s - written_s)

    def put_if(self, name: str, content: bytes, tag: str | None) -> str | None:
        self._answer()
        with self.turn:
            there = self.kept.get(name)
            if not self.forgetful and (there[0] if there else None) != tag:
                return None
            self.kept[name] = (f'"{len(self.kept)}-{content.hex()}"', content, self.now_s)
            if self.lost:
                self.lost -= 1
                return None  # the client tried again, and what it wrote itself refuses it
            return self.kept[name][0]

    def _answer(self) -> None:
        if self.silent:
            raise OSError("no answer")


def nobody_waits(holder: str) -> None:
    raise AssertionError(f"waits for {holder}")


def test_it_passes_from_one_to_the_next() -> None:
    shelf = Shelf()
    for who in ("first", "second"):
        lease = Lease(shelf, NAME, who)
        lease.take(nobody_waits)
        assert who.encode() in shelf.kept[NAME][1]
        lease.ensure()
        lease.give_back()


def test_the_second_waits_for_the_first_and_says_for_whom() -> None:
    shelf, waited = Shelf(), []
    first, second = Lease(shelf, NAME, "first", LEASE_S), Lease(shelf, NAME, "second", LEASE_S)
    first.take(nobody_waits)

    def told(holder: str) -> None:
        waited.append(holder)
        first.give_back()

    second.take(told)
    second.give_back()
    assert waited == ["first"]


def test_of_many_who_find_a_stale_one_each_gets_it_alone() -> None:
    shelf, inside, seen = Shelf(), [], []
    dead = Lease(shelf, NAME, "dead", LEASE_S)
    dead._renewing = threading.Thread()  # as if its process were gone
    dead.take(nobody_waits)
    shelf.now_s += 10.0

    def write(who: str) -> None:
        lease = Lease(shelf, NAME, who, LEASE_S)
        lease.take(lambda holder: None)
        inside.append(who)
        seen.append(len(inside))
        inside.remove(who)
        lease.give_back()

    writers = [threading.Thread(target=write, args=(str(number),)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)
    assert seen == [1] * 8


def test_who_slept_too_long_is_refused_and_learns_who_writes_now() -> None:
    shelf = Shelf()
    first, second = Lease(shelf, NAME, "first", LEASE_S), Lease(shelf, NAME, "second", LEASE_S)
    first.take(nobody_waits)
    first._ended.set()  # no renewal comes any more
    first._renewing.join()
    first._renewed = 0.0
    shelf.now_s += 10.0
    second.take(nobody_waits)
    with pytest.raises(EconexError, match="second has taken over; start the run again"):
        first.ensure()
    second.ensure()
    first.give_back()
    assert b"second" in shelf.kept[NAME][1]
    second.give_back()


def test_who_slept_and_was_not_followed_goes_on() -> None:
    shelf = Shelf()
    lease = Lease(shelf, NAME, "first", LEASE_S)
    lease.take(nobody_waits)
    lease._renewed = 0.0
    shelf.now_s += 10.0
    lease.ensure()
    assert shelf.look(NAME).age_s == 0.0
    lease.give_back()


def test_an_answer_that_was_lost_is_no_refusal() -> None:
    shelf = Shelf(lost=1)
    lease = Lease(shelf, NAME, "first")
    lease.take(nobody_waits)
    shelf.lost = 1
    lease._renew()
    lease.ensure()
    lease.give_back()


def test_a_server_that_does_not_answer_for_a_while_loses_nobody_the_lease() -> None:
    shelf = Shelf()
    lease = Lease(shelf, NAME, "first", LEASE_S)
    lease.take(nobody_waits)
    shelf.silent = True
    lease._ended.wait(LEASE_S)
    shelf.silent = False
    lease.ensure()
    lease.give_back()


def test_a_server_that_ignores_conditions_is_found_out() -> None:
    honest = Lease(Shelf(), NAME, "first")
    honest.take(nobody_waits)
    honest.prove()
    honest.give_back()
    lease = Lease(Shelf(forgetful=True), NAME, "first")
    lease.take(nobody_waits)
    with pytest.raises(InputError, match="ignores the conditions If-None-Match and If-Match"):
        lease.prove()
    lease.give_back()


def test_a_lease_that_nobody_can_read_is_waited_for_until_it_is_stale() -> None:
    shelf, waited = Shelf(), []
    shelf.put_if(NAME, b"not a lease", None)

    def told(holder: str) -> None:
        waited.append(holder)
        shelf.now_s += 100.0

    lease = Lease(shelf, NAME, "first", LEASE_S)
    lease.take(told)
    lease.give_back()
    assert waited == ["somebody"]


def test_a_place_is_a_folder_unless_it_is_an_address(tmp_path) -> None:
    assert isinstance(store_at(str(tmp_path)), FolderStore)
    assert store_at(str(tmp_path)) is store_at(str(tmp_path))
    for place in ("gs://bucket/x", "https://somewhere/bucket", "file:///tmp/x", "S3://bucket"):
        with pytest.raises(InputError, match="expected a folder, or s3://bucket/prefix"):
            store_at(place)


@pytest.mark.parametrize(
    "place", ["s3://", "s3:///x", "s3://Bucket", "s3://b/../c", "s3://key:hidden@bucket/x", "s3://bucket//x"]
)
def test_an_address_is_whole_and_holds_no_password(place: str) -> None:
    with pytest.raises(InputError) as refused:
        store_at(place)
    assert "hidden" not in str(refused.value)
