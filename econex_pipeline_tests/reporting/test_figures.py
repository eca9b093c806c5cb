"""Figures: complete, labelled, and the same bytes for the same tables."""

import html
import re

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Rectangle

from econex_pipeline.reporting.day_report import DRAWN
from econex_pipeline.reporting.figures import dispatch, fan, money, render, sankey, storage, theme
from econex_pipeline.reporting.flows import Link
from econex_pipeline.reporting.ledger import ledger, planned


@pytest.fixture(scope="module")
def drawn(district, made):
    """Every figure of the room by name."""
    day = ledger(made.operations, made.states)
    figures = {f"dispatch-{layer}": dispatch.dispatch(day, district, layer, made.prices) for layer in "EPW"}
    return figures | {
        "exchange": dispatch.exchange(day, planned(made.operations), district),
        "storage": storage.storage_levels(made.states, district, made.plan, made.scenarios, made.states_without),
        "prices": money.prices_and_carbon(made.prices, district),
        "cost": money.cost_bridge(made.kpis, district),
        "fan": fan.scenario_fan(made.scenarios, district, day),
        "pumps": fan.pump_energy(made.operations, district),
        "energy": sankey.energy_sankey(day, district),
        "water": sankey.water_sankey(day, district),
    }


def test_every_axis_names_its_quantity_and_unit(drawn):
    unit = re.compile(r"\[[^\]]+\]")
    for name, figure in drawn.items():
        for axes in figure.axes:
            if not axes.axison:
                continue
            assert unit.search(axes.get_ylabel()), name
            shared = axes.get_shared_x_axes().get_siblings(axes)
            assert any(unit.search(other.get_xlabel()) for other in shared) or name == "cost", name


def test_hours_are_labelled_in_civil_time_with_their_zone(drawn):
    axes = drawn["exchange"].axes[0]
    assert "EDT, America/New_York" in axes.get_xlabel()
    assert axes.get_xticklabels()[0].get_text() == "01:00"  # midnight of standard time is one o'clock in summer


def test_nothing_written_is_cut_off_or_written_over(drawn):
    for name, figure in drawn.items():
        render.png(figure)
        renderer = FigureCanvasAgg(figure).get_renderer()
        grids = [axes for axes in figure.axes if axes.get_subplotspec() is not None]
        boxes = [axes.get_tightbbox(renderer, for_layout_only=True).padded(-1.0) for axes in grids]
        boxes += [legend.get_window_extent(renderer) for legend in figure.legends]
        places = [axes.get_subplotspec().num1 for axes in grids] + [-1] * len(figure.legends)
        for box, place in zip(boxes, places, strict=True):
            assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1, name
            assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1, name
            assert not any(box.overlaps(other) for other, at in zip(boxes, places, strict=True) if at != place), name


def test_a_figure_is_drawn_once_for_page_and_catalogue(report):
    once = report.figure("storage")
    pictures = report.pictures()
    assert report.figure("storage") is once
    assert set(pictures) == {"dispatch_E", "storage"}
    assert render.svg(once, "a", "b") == render.svg(DRAWN["storage"].draw(report), "a", "b")


def test_same_tables_give_the_same_bytes(district, made):
    once, again = (sankey.energy_sankey(ledger(made.operations, made.states), district) for _ in range(2))
    assert render.svg(once, "a", "b") == render.svg(again, "a", "b")
    assert render.png(once) == render.png(again)


def test_pictures_for_the_catalogue_are_small(drawn):
    for name, figure in drawn.items():
        content = render.png(figure)
        assert content.startswith(b"\x89PNG"), name
        assert len(content) < 120_000, name


def test_two_drawings_on_a_page_share_no_id(drawn):
    texts = [render.svg(drawn[name], name, "figure") for name in ("dispatch-E", "dispatch-W")]
    first, second = (set(re.findall(r'\bid="([^"]*)"', text)) for text in texts)
    assert first
    assert second
    assert not first & second
    for text, ids in zip(texts, (first, second), strict=True):
        assert set(re.findall(r"url\(#([^)]*)\)", text)) <= ids
        assert set(re.findall(r'href="#([^"]*)"', text)) <= ids
        assert "http" not in text


def test_text_under_the_pointer_is_escaped():
    figure = theme.new_figure(1.0)
    bar = Rectangle((0, 0), 1, 1)
    render.tip(bar, 'a <b> & "c"')
    figure.subplots().add_patch(bar)
    text = render.svg(figure, "x", '<script>"')
    assert html.unescape(re.search("<title>(.*)</title>", text)[1]) == 'a <b> & "c"'
    assert "<b>" not in text
    assert "<script>" not in text


def test_numbers_in_labels_keep_all_their_digits():
    figure = theme.new_figure(1.0)
    figure.subplots()
    figure.text(0.123456, 0.5, "0.123456 m3")
    assert "0.123456 m3" in render.svg(figure, "x", "y")


def test_weighted_quantile_is_the_smallest_value_that_reaches_it():
    rng = np.random.default_rng(3)
    values, weights = rng.normal(size=(4, 9)), rng.dirichlet(np.ones(9))
    for q in (0.05, 0.5, 0.95):
        brute = [min(v for v in row if weights[row <= v].sum() >= q - 1e-12) for row in values]
        np.testing.assert_array_equal(storage.weighted_quantile(values, weights, q), brute)


def test_sankey_runs_left_to_right_and_loops_back_only_where_it_must():
    links = [
        Link("sun", "roof", 5.0, "pv", "E"),
        Link("roof", "hub", 3.0, "grid", "E"),
        Link("hub", "roof", 1.0, "grid", "E"),
        Link("hub", "use", 4.0, "load", "E"),
        Link("roof", "use", 1.0, "load", "E"),
    ]
    columns, against = sankey.columns_of(links)
    assert columns == {"sun": 0, "roof": 1, "hub": 2, "use": 3}
    assert against == [links[2]]


def test_a_day_on_which_nothing_flowed_can_be_drawn(district, made):
    still = ledger(made.operations.assign(value=0.0), made.states.assign(value=1.0))
    assert render.png(sankey.water_sankey(still, district))
    for layer in "EPW":
        assert render.png(dispatch.dispatch(still, district, layer))


def test_a_large_district_is_drawn_by_layer(district, made):
    homes = {f"more_{i}": district.storages["home_tank_1"] for i in range(60)}
    large = district.model_copy(update={"storages": {**district.storages, **homes}})
    figure = storage.storage_levels(made.states, large, made.plan, made.scenarios)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == [f"all storages of {n}" for n in ("electricity (1)", "potable water (63)", "raw water (4)")]
    raw = [line.get_ydata() for line in figure.axes[2].lines][-1]
    np.testing.assert_allclose(
        raw, sum(made.day.levels[n] for n in ("cistern", "raw_tank", "lower_basin", "upper_basin"))
    )


def test_bars_stack_to_what_was_supplied(district, made):
    figure = dispatch.dispatch(ledger(made.operations, made.states), district, "P")
    tops = [bar.get_y() + bar.get_height() for bar in figure.axes[0].patches if bar.get_x() == 18]
    taken = made.day.rates["mains_import", "flow_m3_h"][18] + made.day.rates["treatment", "product_m3_h"][18]
    assert max(tops) == pytest.approx(taken, rel=1e-2)
