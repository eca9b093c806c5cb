"""The sensor that looks for alarms and tells them."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import cast

import dagster as dg

from econex_pipeline.contracts import EconexError
from econex_pipeline.orchestration.automation.due import Site
from econex_pipeline.orchestration.automation.settings import Automation
from econex_pipeline.orchestration.automation.triggers import Clock, now_utc
from econex_pipeline.orchestration.notify.conditions import Look, housekeeping
from econex_pipeline.orchestration.notify.watch import SEVERITIES, Condition, Notice, Post, load, save
from econex_pipeline.orchestration.notify.ways import NotTold, Teller, headline, tellers
from econex_pipeline.orchestration.setting import Inputs
from econex_pipeline.orchestration.storage import Storage

EVERY_S = 60
LONGEST_TRY = timedelta(days=2)
PREFIX = "tell_"


def teller_resources(settings: Automation) -> dict[str, dg.ConfigurableResource]:
    """Give the resources of the ways to tell, by the name they have in Dagster."""
    return {f"{PREFIX}{way}": teller for way, teller in tellers(settings.notify).items()}


def alarm_sensor(
    sites: Sequence[Site],
    settings: Automation,
    unreadable: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] | None = None,
    clock: Clock = now_utc,
) -> dg.SensorDefinition:
    """Look for what is wrong with every case, and tell what becomes an alarm and what is over.

    Cases that should run by themselves and could not be read, and parts of the settings that cannot be used, come with
    the sentence that says why.
    A way that fails is tried again at the next look, for two days; the others are not told twice.
    """
    ways = [name.removeprefix(PREFIX) for name in teller_resources(settings)]

    @dg.sensor(
        name="alarms",
        minimum_interval_seconds=EVERY_S,
        required_resource_keys={"inputs", "storage", *(f"{PREFIX}{way}" for way in ways)},
        description=(
            "Tells failed runs, missing and stale plans, demand not served, repeated fallbacks and wrong settings, and "
            "their end: "
            f"by {', '.join(ways) or 'nobody, until a way to tell stands in automation.yaml'}."
        ),
    )
    def alarms(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        now = clock()
        watch, posts = load(context.cursor)
        conditions, lost = [_no_case(case, said, settings) for case, said in (unreadable or {}).items()], False
        conditions.extend(_wrong_settings(part, said, settings) for part, said in (wrong or {}).items())
        conditions.extend(housekeeping(context.instance, settings))
        inputs, storage = cast(Inputs, context.resources.inputs), cast(Storage, context.resources.storage)
        for site in sites:
            try:
                conditions.extend(Look(context.instance, inputs, storage, site, settings, now).conditions())
            except Exception as error:  # whatever it is: who watches and sees nothing must say so
                lost = True
                conditions.append(_blind(site, error, settings))
                context.log.warning(f"{conditions[-1].sentence}\n{traceback.format_exc()}")
        watch, notices = watch.look(conditions, settings.alarms, now, lost)
        posts += [Post(notice, _ways(notice, ways, settings)) for notice in notices]
        left = [_delivered(context, post) for post in posts]
        kept = [post for post in left if post.ways and now - post.notice.at < LONGEST_TRY]
        told = [headline(notice) for notice in notices]
        return dg.SensorResult(skip_reason="; ".join(told) or "nothing new", cursor=save(watch, kept))

    return alarms


def _no_case(case: str, said: str, settings: Automation) -> Condition:
    """What is wrong with a case that was left out when the definitions were loaded: it gets no plan."""
    sentence = f"the case cannot be used and gets no plan: {said}; mend the file, then reload the definitions"
    name, severity = f"plan_missing:{case}", settings.alarms.plan_missing.severity
    return Condition(name, "plan_missing", case, severity, "No plan", sentence)


def _wrong_settings(part: str, said: str, settings: Automation) -> Condition:
    """What is wrong with the settings: switches that need it wait, and nothing is told by what cannot be read."""
    sentence = (
        f"these settings are not used, and what is made by them waits: {said}; mend it, then reload the definitions"
    )
    return Condition(f"settings:{part}", "settings", "", settings.alarms.settings.severity, "Wrong settings", sentence)


def _blind(site: Site, error: Exception, settings: Automation) -> Condition:
    """What is wrong where a look at a case failed: other alarms of it may be missing."""
    said = str(error) if isinstance(error, EconexError) else " ".join(f"{type(error).__name__}: {error}".split())
    sentence = f"the case could not be looked at, so other alarms may be missing: {said}"
    return Condition(f"blind:{site.case}", "blind", site.case, settings.alarms.blind.severity, "Not watched", sentence)


def _ways(notice: Notice, ways: Sequence[str], settings: Automation) -> tuple[str, ...]:
    grave = SEVERITIES.index(notice.condition.severity)
    return tuple(way for way in ways if grave >= SEVERITIES.index(getattr(settings.notify, way).least))


def _delivered(context: dg.SensorEvaluationContext, post: Post) -> Post:
    """Try every way that is still to go; give what is left."""
    for way in post.ways:
        teller = cast(Teller, getattr(context.resources, f"{PREFIX}{way}"))
        try:
            teller.tell(post.notice)
        except NotTold as error:
            context.log.warning(f"{way}: {error}; tried again at the next look")
        else:
            post = post.without(way)
    return post
