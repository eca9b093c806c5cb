"""Fast forward selection against its definition, computed the plain way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from econex_pipeline.scenarios.selection import distances, fast_forward_selection


def plain_selection(distance, probability, count):
    """Heitsch and Roemisch's algorithm word for word: try every point, take the best, repeat."""
    chosen = []
    for _ in range(count):
        left = [u for u in range(len(distance)) if u not in chosen]
        costs = [probability @ distance[:, [*chosen, u]].min(axis=1) for u in left]
        chosen.append(left[int(np.argmin(costs))])
    return sorted(chosen)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 12))
def test_lazy_choice_is_the_plain_choice(seed, count):
    rng = np.random.default_rng(seed)
    points, weights = rng.normal(size=(30, 4)), rng.uniform(0.1, 1.0, 30)
    weights /= weights.sum()
    distance = distances(points)
    found = fast_forward_selection(distance, weights, count)
    assert found.chosen.tolist() == plain_selection(distance, weights, count)


def test_distances_are_euclidean():
    points = np.random.default_rng(0).normal(size=(20, 7))
    plain = np.array([[np.linalg.norm(a - b) for b in points] for a in points])
    assert distances(points) == pytest.approx(plain, abs=1e-7)


def test_weight_goes_to_the_nearest():
    points = np.array([[0.0], [1.0], [9.0], [10.0], [10.2]])
    found = fast_forward_selection(distances(points), np.full(5, 0.2), 2)
    assert found.nearest.tolist() == [0, 0, 1, 1, 1]
    assert found.probability == pytest.approx([0.4, 0.6])
    assert found.probability.sum() == pytest.approx(1.0, abs=1e-15)


def test_transport_is_that_of_the_linear_programme():
    """The Kantorovich distance as a transport problem, solved by scipy."""
    from scipy.optimize import linprog

    rng = np.random.default_rng(4)
    points, size = rng.normal(size=(12, 3)), 12
    distance = distances(points)
    found = fast_forward_selection(distance, np.full(size, 1 / size), 3)
    cost = distance[:, found.chosen]
    rows = np.kron(np.eye(size), np.ones(3))
    columns = np.kron(np.ones(size), np.eye(3))
    answer = linprog(cost.ravel(), A_eq=np.vstack([rows, columns]), b_eq=[*np.full(size, 1 / size), *found.probability])
    assert found.transport == pytest.approx(answer.fun)


def test_points_to_keep_are_kept():
    points = np.random.default_rng(0).normal(size=(40, 2))
    found = fast_forward_selection(distances(points), np.full(40, 1 / 40), 5, keep=[7, 31, 7])
    assert {7, 31} <= set(found.chosen.tolist())
    assert len(found.chosen) == 5


def test_equal_points_all_stand_for_themselves():
    found = fast_forward_selection(distances(np.zeros((4, 2))), np.full(4, 0.25), 4)
    assert found.probability == pytest.approx([0.25] * 4)


def test_selection_is_better_than_chance():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(300, 5))
    distance = distances(points)
    found = fast_forward_selection(distance, np.full(300, 1 / 300), 15)
    chance = [distance[:, rng.choice(300, 15, replace=False)].min(axis=1).mean() for _ in range(50)]
    assert found.transport < min(chance)


@pytest.mark.parametrize("count", [0, 5])
def test_impossible_count_is_refused(count):
    with pytest.raises(ValueError, match="count"):
        fast_forward_selection(distances(np.zeros((4, 2))), np.full(4, 0.25), count)
