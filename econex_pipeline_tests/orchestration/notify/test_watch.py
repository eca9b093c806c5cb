from datetime import UTC, datetime, timedelta

from econex_pipeline.orchestration.automation.settings import Alarms, Kind
from econex_pipeline.orchestration.notify.watch import Condition, Notice, Post, Watch, load, save

NOW = datetime(2025, 7, 15, 12, tzinfo=UTC)
KINDS = Alarms(plan_missing=Kind(severity="error", hold_minutes=30, clear_minutes=10))
GONE = Condition("plan_missing:base", "plan_missing", "base", "error", "No plan", "there is no plan", {"day": "today"})


def _story(*looks: tuple[int, bool]) -> list[tuple[int, str]]:
    """Play looks, each a minute and whether the condition holds then; give what was told, and when."""
    watch, told = Watch(), []
    for minute, wrong in looks:
        at = NOW + timedelta(minutes=minute)
        watch, notices = watch.look([GONE] if wrong else [], KINDS, at)
        told += [(minute, notice.event) for notice in notices]
    return told


def test_what_lasts_is_told_once_and_its_end_too() -> None:
    assert _story((0, True), (29, True), (30, True), (60, True), (70, False), (75, False)) == [
        (30, "raised"),
        (70, "cleared"),
    ]


def test_what_passes_quickly_is_not_told_at_all() -> None:
    assert _story((0, True), (20, False), (25, True), (50, True), (51, False)) == []


def test_what_is_gone_for_a_moment_is_not_told_twice() -> None:
    looks = (0, True), (40, True), (45, False), (47, True), (57, True), (66, False), (70, False)
    assert _story(*looks) == [(40, "raised"), (70, "cleared")]


def test_a_look_that_saw_only_half_clears_nothing() -> None:
    watch, _ = Watch().look([GONE], KINDS, NOW)
    watch, (raised,) = watch.look([GONE], KINDS, NOW + timedelta(hours=1))
    watch, notices = watch.look([], KINDS, NOW + timedelta(hours=5), lost=True)
    assert raised.event == "raised"
    assert raised.since == NOW
    assert notices == []
    _, (over,) = watch.look([], KINDS, NOW + timedelta(hours=5))
    assert over.event == "cleared"


def test_what_grows_graver_is_told_again() -> None:
    mild = Condition("fallback:base", "fallback", "base", "warning", "Controller falls back", "3 cycles")
    grave = Condition("fallback:base", "fallback", "base", "error", "Controller falls back", "24 cycles")
    watch, first = Watch().look([mild], KINDS, NOW)
    watch, second = watch.look([grave], KINDS, NOW + timedelta(minutes=1))
    _, third = watch.look([grave], KINDS, NOW + timedelta(minutes=2))
    assert [notice.condition.severity for notice in first + second + third] == ["warning", "error"]


def test_what_is_followed_outlives_the_process() -> None:
    watch, _ = Watch().look([GONE], KINDS, NOW)
    posts = [Post(Notice("raised", GONE, NOW, NOW + timedelta(hours=1)), ("mail", "webhook"))]
    assert load(save(watch, posts)) == (watch, posts)
    assert load(None) == (Watch(), [])
