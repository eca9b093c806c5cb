"""A digest changes with what it digests, and with nothing else."""

import numpy as np
import pandas as pd

from econex_pipeline.contracts import Provenance, digest_frame, digest_json


def test_provenance_survives_a_file():
    origin = Provenance("base", "2025-07-14T17:00:00Z", "0.1.0", "abc")
    assert Provenance.from_json(origin.to_json()) == origin


def test_the_order_of_keys_does_not_matter_and_numpy_numbers_are_numbers():
    assert digest_json({"a": 1.5, "b": [1, 2]}) == digest_json({"b": np.array([1, 2]), "a": np.float64(1.5)})


def test_one_changed_value_or_name_changes_the_digest():
    frame = pd.DataFrame({"a": [1.0, 2.0]})
    assert digest_frame(frame) == digest_frame(frame.set_axis([7, 8]))
    assert digest_frame(frame) != digest_frame(frame + 1e-12)
    assert digest_frame(frame) != digest_frame(frame.rename(columns={"a": "b"}))
