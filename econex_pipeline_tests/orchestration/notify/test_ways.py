"""Notices reach real servers on this machine, whole; secrets reach nobody else."""

import logging
import socket
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from econex_pipeline.orchestration.automation.settings import Automation, Mail, Notify, Way, Webhook
from econex_pipeline.orchestration.notify.sensor import alarm_sensor, teller_resources
from econex_pipeline.orchestration.notify.watch import Condition, Notice, Post, load
from econex_pipeline.orchestration.notify.ways import LOGGER, LogTeller, MailTeller, NotTold, WebhookTeller, tellers
from econex_pipeline.orchestration.setting import Inputs
from econex_pipeline.orchestration.storage import Storage
from econex_pipeline_tests.orchestration.notify.servers import hook_server, mail_server

AT = datetime(2025, 7, 15, 12, tzinfo=UTC)
EVIDENCE = {"unserved.home_1.P": "0.4 m3"}
DRY = Condition(
    "unserved:base", "unserved", "base", "error", "Demand not served", "0.4 m3 of water\nat home 1", EVIDENCE
)
RAISED = Notice("raised", DRY, AT - timedelta(hours=1), AT)


def _mail(port: int, **changes: object) -> MailTeller:
    told = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": "econex@site",
        "recipients": ["a@b", "c@d"],
    }
    return MailTeller(**{**told, **changes})


def test_a_mail_says_what_how_grave_since_when_and_what_shows_it() -> None:
    with mail_server() as (taken, port):
        _mail(port).tell(RAISED)
    (letter,) = taken.letters
    assert taken.recipients == [["a@b", "c@d"]]
    assert letter["Subject"] == "ERROR [base] Demand not served: 0.4 m3 of water at home 1"
    text = letter.get_content()
    assert "since 2025-07-15T11:00:00+00:00, severity error" in text
    assert "unserved.home_1.P: 0.4 m3" in text


def test_the_end_of_an_alarm_is_called_so() -> None:
    with mail_server() as (taken, port):
        _mail(port).tell(Notice("cleared", DRY, AT, AT))
    assert str(taken.letters[0]["Subject"]).startswith("OVER [base]")


def test_a_mail_server_that_asks_for_a_login_gets_one() -> None:
    with mail_server(login=True) as (taken, port):
        _mail(port, user="econex", password="let-me-in").tell(RAISED)
        with pytest.raises(NotTold) as refused:
            _mail(port, user="econex", password="open-sesame").tell(RAISED)
    assert len(taken.letters) == 1
    assert "535" in str(refused.value)
    assert "open-sesame" not in str(refused.value)


def test_a_mail_does_not_go_out_unprotected_where_protection_was_asked_for() -> None:
    with mail_server() as (taken, port), pytest.raises(NotTold):
        _mail(port, security="starttls").tell(RAISED)
    assert taken.letters == []


def test_a_webhook_gets_the_alarm_as_json() -> None:
    with hook_server() as hook:
        WebhookTeller(url=hook.url).tell(RAISED)
    (post,) = hook.posts
    assert post["event"] == "raised"
    assert post["alarm"] == "unserved:base"
    assert post["severity"] == "error"
    assert post["evidence"] == EVIDENCE
    assert datetime.fromisoformat(post["since_utc"]) == RAISED.since


def test_a_webhook_that_refuses_or_is_gone_is_an_error_without_its_address() -> None:
    with hook_server() as hook:
        hook.answer = 503
        with pytest.raises(NotTold, match="answered 503") as refused:
            WebhookTeller(url=hook.url).tell(RAISED)
        url = hook.url
    with pytest.raises(NotTold, match="no answer") as gone:
        WebhookTeller(url=url).tell(RAISED)
    assert "very-secret" not in str(refused.value) + str(gone.value)


def test_an_address_of_another_kind_is_not_opened(tmp_path) -> None:
    file = tmp_path / "file"
    file.write_text("not to be read")
    with pytest.raises(NotTold, match="http"):
        WebhookTeller(url=file.as_uri()).tell(RAISED)


def test_a_mail_server_that_is_not_there_is_an_error() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(NotTold, match="ConnectionRefusedError"):
            _mail(unused.getsockname()[1]).tell(RAISED)


def test_the_log_gets_one_line_with_the_severity_as_its_level(caplog) -> None:
    with caplog.at_level(logging.INFO, logger=LOGGER):
        LogTeller().tell(RAISED)
        LogTeller().tell(Notice("cleared", DRY, AT, AT))
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.INFO]
    assert "0.4 m3" in caplog.text


def test_a_recipient_with_a_line_break_is_an_error_and_no_second_header() -> None:
    with mail_server() as (taken, port), pytest.raises(NotTold):
        _mail(port, recipients=["a@b\nBcc: c@d"]).tell(RAISED)
    assert taken.letters == []


def test_a_way_whose_secret_is_missing_says_so_and_the_others_are_told(monkeypatch) -> None:
    monkeypatch.delenv("ECONEX_WEBHOOK_URL", raising=False)
    monkeypatch.setenv("ECONEX_SMTP_PASSWORD", "")
    mail = Mail(host="mail", sender="a@b", recipients=["c@d"], user="econex")
    settings = Automation(cases=[], notify=Notify(log=Way(), webhook=Webhook(), mail=mail))
    sensor, resources = alarm_sensor([], settings, wrong={"cases": "no such case"}), teller_resources(settings)
    own = {"inputs": Inputs(), "storage": Storage()}
    told: list[Notice] = []
    monkeypatch.setattr(LogTeller, "tell", lambda teller, notice: told.append(notice))
    with (
        dg.DagsterInstance.ephemeral() as instance,
        dg.build_sensor_context(instance=instance, resources={**own, **resources}) as context,
    ):
        cursor = sensor.evaluate_tick(context).cursor
    assert [notice.condition.name for notice in told] == ["settings:cases"]
    assert load(cursor)[1] == [Post(told[0], ("webhook", "mail"))], "these are tried again"
    for way, variable in (("webhook", "ECONEX_WEBHOOK_URL"), ("mail", "ECONEX_SMTP_PASSWORD")):
        with pytest.raises(NotTold, match=variable):
            resources[f"tell_{way}"].tell(RAISED)


def test_secrets_stand_in_the_environment_and_not_in_the_definitions(monkeypatch) -> None:
    monkeypatch.setenv("ECONEX_WEBHOOK_URL", "http://127.0.0.1/very-secret")
    monkeypatch.setenv("ECONEX_SMTP_PASSWORD", "very-secret")
    mail = Mail(host="mail", sender="a@b", recipients=["c@d"], user="econex")
    found = tellers(Notify(log=Way(), webhook=Webhook(), mail=mail))
    assert list(found) == ["log", "webhook", "mail"]
    definitions = dg.Definitions(resources=dict(found))
    repository = definitions.get_repository_def()
    shown = [str(repository.get_top_level_resources()[name].config_schema.default_value) for name in found]
    assert "very-secret" not in "".join(shown)
    assert "ECONEX_SMTP_PASSWORD" in "".join(shown)
    assert "very-secret" not in repr(found)
