from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts import ContractViolation, InputError, Provenance, digest_frame
from econex_pipeline.orchestration.storage import Storage

DAY = "2025-07-15"
ORIGIN = Provenance("base", "2025-07-14T17:00:00+00:00", "0.1.0+abc", "inputs-1")


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(root=str(tmp_path))


@pytest.fixture
def prices() -> pd.DataFrame:
    times = pd.date_range("2025-07-15T05:00", periods=24, freq="h", tz="UTC", unit="ns")
    values = {
        "buy_price_usd_kwh": 0.4,
        "sell_price_usd_kwh": 0.1 / 3.0,
        "water_buy_usd_m3": 2.63,
        "water_sell_usd_m3": 0.0,
        "sewer_usd_m3": 0.62,
        "carbon_kg_kwh": 0.3,
    }
    return pd.DataFrame({"time_utc": times, **{name: np.full(24, value) for name, value in values.items()}})


def test_what_was_written_is_read_back_bit_by_bit(storage: Storage, prices: pd.DataFrame) -> None:
    storage.write(prices, "PRICES", "prices", DAY, ORIGIN, {"note": 1})
    pd.testing.assert_frame_equal(storage.read("PRICES", "prices", "base", DAY), prices, check_exact=True)
    assert storage.origin("prices", "base", DAY) == ORIGIN
    assert storage.digest("prices", "base", DAY) == digest_frame(prices)
    assert storage.extra("prices", "base", DAY) == {"note": 1}
    assert storage.holds("prices", "base", DAY, "inputs-1")
    assert not storage.holds("prices", "base", DAY, "inputs-2")


def test_a_table_that_breaks_its_contract_leaves_the_old_one_readable(storage: Storage, prices: pd.DataFrame) -> None:
    storage.write(prices, "PRICES", "prices", DAY, ORIGIN)
    wrong = prices.assign(carbon_kg_kwh=-1.0)
    with pytest.raises(ContractViolation, match=r"PRICES .*prices of case base.* carbon_kg_kwh"):
        storage.write(wrong, "PRICES", "prices", DAY, ORIGIN)
    pd.testing.assert_frame_equal(storage.read("PRICES", "prices", "base", DAY), prices)


def test_a_writer_that_dies_half_way_changes_nothing(
    storage: Storage, prices: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.write(prices, "PRICES", "prices", DAY, ORIGIN)

    def dies(where: Path, content: bytes) -> None:
        with where.open("wb") as file:
            file.write(content[:100])
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_bytes", dies)
    with pytest.raises(OSError, match="no space left"):
        storage.write(prices.assign(carbon_kg_kwh=0.1), "PRICES", "prices", DAY, ORIGIN)
    pd.testing.assert_frame_equal(storage.read("PRICES", "prices", "base", DAY), prices)
    assert [path.name for path in Path(storage.root).rglob("*") if path.is_file()] == [f"{DAY}.parquet"]


def test_a_table_that_another_program_wrote_is_refused(storage: Storage, prices: pd.DataFrame) -> None:
    path = Path(storage.write(prices, "PRICES", "prices", DAY, ORIGIN))
    prices.drop(index=5).to_parquet(path, index=False)
    with pytest.raises(InputError, match=r"2025-07-15\.parquet.*not written by econex_pipeline"):
        storage.read("PRICES", "prices", "base", DAY)


def test_a_missing_or_broken_file_is_named(storage: Storage, prices: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="expected prices of case base to be materialized first"):
        storage.read("PRICES", "prices", "base", DAY)
    path = Path(storage.write(prices, "PRICES", "prices", DAY, ORIGIN))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match=r"2025-07-15\.parquet.*materialize it again"):
        storage.read("PRICES", "prices", "base", DAY)
    assert storage.origin("prices", "base", DAY) is None


@pytest.mark.parametrize("name", ["../secret", "a/b", "", ".hidden", "base/../../x", "a..b"])
def test_names_cannot_leave_the_folder(storage: Storage, name: str) -> None:
    with pytest.raises(InputError, match="storage: name"):
        storage.where("prices", name, DAY)
