"""What planning over scenarios was worth, in words."""

from econex_pipeline.orchestration.assets.planning import worth_in_words

FACTS = {
    "objective_usd": -45.0,
    "parts": {"end_value_usd": 85.0},
    "worth": {"vss_usd": 0.4, "evpi_usd": 2.0},
    "worth_nothing": ["treatment"],
}


def test_worth_is_a_share_of_what_the_day_costs_before_what_is_left():
    said = worth_in_words(FACTS, "USD")
    assert "0.40 USD (1.00 % of the expected cost)" in said
    assert "2.00 USD (5.00 % of the expected cost)" in said
    assert said.endswith("a schedule made for the mean does as well for: treatment")


def test_a_plan_without_its_worth_says_so():
    assert worth_in_words({"objective_usd": 1.0, "parts": {"end_value_usd": 0.0}}, "USD") == "not known"
