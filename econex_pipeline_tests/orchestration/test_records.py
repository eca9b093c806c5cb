"""A record comes back as it was written, or not at all."""

import io
import random

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts import Provenance, digest_frame
from econex_pipeline.contracts.plain import plain
from econex_pipeline.orchestration.records import DamagedRecord, frame_of, label_of, unpack
from econex_pipeline.orchestration.records import pack as pack_plain

ORIGIN = Provenance("base", "2025-07-15T05:00:00+00:00", "0.1.0+abc", "inputs-1")
EXTRA = {"end": '{"level": 0.1}', "fallbacks": 0}
HOUR = pd.Timestamp("2025-07-15T05:00Z").as_unit("ns")


def pack(parts: dict[str, pd.DataFrame], origin: Provenance, extra: dict[str, object]) -> bytes:
    return pack_plain({contract: plain(frame) for contract, frame in parts.items()}, origin, extra)


@pytest.fixture
def hour() -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(1)
    elements = np.array([f"element_{number:02d}" for number in range(60)], dtype=object)
    flows = {"time_utc": HOUR, "element": elements, "quantity": "flow_m3_h", "basis": "delivered"}
    stamps = pd.DatetimeIndex([HOUR, HOUR + pd.Timedelta(hours=1)])
    levels = {"time_utc": stamps, "element": "tank", "quantity": "level_m3", "value": [1.0 / 3.0, 2.0]}
    return {
        "OPERATIONS": pd.DataFrame({**flows, "value": rng.random(60)}),
        "STATE": pd.DataFrame(levels),
    }


def test_tables_of_one_record_come_back_bit_by_bit(hour: dict[str, pd.DataFrame]) -> None:
    record = unpack(pack(hour, ORIGIN, EXTRA))
    assert list(record.parts) == ["OPERATIONS", "STATE"]
    for contract, frame in hour.items():
        pd.testing.assert_frame_equal(frame_of(record.parts[contract]), frame, check_exact=True)
    assert record.label.provenance == ORIGIN
    assert record.label.extra == EXTRA


def test_any_reader_of_parquet_finds_the_rows_of_each_table(hour: dict[str, pd.DataFrame]) -> None:
    seen = pd.read_parquet(io.BytesIO(pack(hour, ORIGIN, EXTRA)))
    flows, levels = (seen[seen["table"] == contract] for contract in hour)
    assert flows["value"].tolist() == hour["OPERATIONS"]["value"].tolist()
    assert levels["value"].tolist() == hour["STATE"]["value"].tolist()
    assert levels["basis"].isna().all()


def test_the_same_content_is_the_same_bytes_and_another_is_another_digest(hour: dict[str, pd.DataFrame]) -> None:
    content = pack(hour, ORIGIN, EXTRA)
    assert pack({name: frame.copy() for name, frame in hour.items()}, ORIGIN, dict(reversed(EXTRA.items()))) == content
    moved = {**hour, "STATE": hour["STATE"].assign(value=[np.nextafter(1.0 / 3.0, 1.0), 2.0])}
    assert label_of(pack(moved, ORIGIN, EXTRA)).digest != label_of(content).digest
    assert label_of(pack({"STATE": hour["STATE"]}, ORIGIN, {})).digest == digest_frame(hour["STATE"])


def test_a_record_cut_short_anywhere_is_damaged(hour: dict[str, pd.DataFrame]) -> None:
    content = pack(hour, ORIGIN, EXTRA)
    for length in range(0, len(content), 37):
        with pytest.raises(DamagedRecord):
            unpack(content[:length])
        with pytest.raises(DamagedRecord):
            unpack(content[:length] + bytes(len(content) - length))  # its end never reached the disk


def test_a_flipped_bit_is_found_or_changes_nothing(hour: dict[str, pd.DataFrame]) -> None:
    content, chance = pack(hour, ORIGIN, EXTRA), random.Random(1)
    whole = unpack(content)
    for _ in range(1000):
        flipped = bytearray(content)
        flipped[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        try:
            found = unpack(bytes(flipped))
        except DamagedRecord:
            continue
        assert found.rows.equals(whole.rows)
        assert found.label == whole.label
