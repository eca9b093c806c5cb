"""Windows lie on one axis, and each can be told apart again."""

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts import InputError
from econex_pipeline.contracts.windows import Windows

START = pd.Timestamp("2025-07-03T05:00:00Z")


def test_windows_share_one_axis():
    starts = pd.DatetimeIndex([START, START + pd.Timedelta(hours=1), START + pd.Timedelta(hours=30)])
    windows = Windows.starting(starts, 4, 30)
    assert len(windows.times) == 64
    assert windows.places.shape == (3, 4)
    for window, start in enumerate(starts):
        assert (windows.of(window) == pd.date_range(start, periods=4, freq="30min")).all()
        assert (windows.times[windows.places[window]] == windows.of(window)).all()
    assert np.array_equal(windows.starts, starts)


@pytest.mark.parametrize("minutes", [[0, 45], [60, 0], []])
def test_windows_off_the_axis_are_refused(minutes):
    with pytest.raises(InputError, match="windows"):
        Windows.starting(pd.DatetimeIndex([START + pd.Timedelta(minutes=m) for m in minutes]), 4, 30)
