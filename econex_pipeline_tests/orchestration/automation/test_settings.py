from datetime import timedelta
from pathlib import Path

import pytest

from econex_pipeline.contracts import InputError
from econex_pipeline.orchestration.automation.settings import Automation, read_automation, read_settings

ALL = set(Automation.model_fields)


def _read(folder: Path, text: str) -> Automation:
    (folder / "automation.yaml").write_text(text, encoding="utf-8")
    return read_automation(folder, ["base", "drought"])


def test_without_a_file_the_base_case_runs_and_nobody_is_told(tmp_path) -> None:
    settings = read_automation(tmp_path, ["base", "drought"])
    assert settings.cases == ["base"]
    assert settings.notify.log is settings.notify.webhook is settings.notify.mail is None
    assert read_automation(tmp_path, ["other"]).cases == []


def test_a_file_says_when_and_whom(tmp_path) -> None:
    settings = _read(
        tmp_path,
        'cases: [drought]\nplanning: {at: "18:30"}\n'
        "notify: {log: {}, mail: {host: mail, sender: a@b, recipients: [c@d]}}",
    )
    assert settings.cases == ["drought"]
    assert settings.planning.before_day == timedelta(hours=5, minutes=30)
    assert settings.notify.mail is not None
    assert settings.notify.mail.port == 587


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("planning: {at: 12:30}", "planning.at: a time from"),
        ('planning: {at: "09:00"}', "planning.at: a time from"),
        ("cases: [bass]", "cases is 'bass'; expected cases in cases/: base, drought; did you mean 'base'"),
        ("operating: {minutes_past: 75}", "operating.minutes_past is 75"),
        ("operate: {minutes_past: 5}", "unknown key 'operate'; did you mean 'operating'"),
        ("notify: {mail: {host: mail}}", "notify.mail.sender"),
        ("catch_up: {days: 0}", "catch_up.days is 0; expected greater than or equal to 1"),
        ("cases: !!python/object/apply:os.system [true]", "not valid YAML"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(tmp_path, text: str, says: str) -> None:
    with pytest.raises(InputError) as refused:
        _read(tmp_path, text)
    assert says in str(refused.value)
    assert "automation.yaml" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "wrong", "waiting"),
    [
        ("cases: [drought, bass]\n", {"cases": "did you mean 'base'"}, {"cases"}),
        ('planning: {at: "09:00"}\n', {"planning": "planning.at: a time from"}, {"planning"}),
        ("catch_up: {days: 0, tries: 2}\n", {"catch_up": "catch_up.days is 0"}, {"catch_up"}),
        ("retention: {keep_days: few}\n", {"retention": "retention.keep_days"}, {"retention"}),
        ("notify: {mail: {host: mail}, webhook: {}}\n", {"notify": "notify.mail.sender"}, {"notify"}),
        ("operate: {minutes_past: 5}\n", {"operate": "did you mean 'operating'"}, ALL),
        ("cases: [base\n", {"line 2": "not valid YAML"}, ALL),
        ("- base\n", {"file": "a mapping of keys to values"}, ALL),
    ],
)
def test_what_is_wrong_in_one_place_takes_nothing_else_with_it(tmp_path, text, wrong, waiting) -> None:
    (tmp_path / "automation.yaml").write_text(text, encoding="utf-8")
    settings = read_settings(tmp_path, ["base", "drought"])
    assert settings.wrong.keys() == wrong.keys()
    for part, said in wrong.items():
        assert said in settings.wrong[part]
        assert "automation.yaml" in settings.wrong[part]
    assert {part for part in Automation.model_fields if settings.waits(part)} == waiting


def test_what_is_right_beside_it_is_used(tmp_path) -> None:
    (tmp_path / "automation.yaml").write_text(
        "cases: [drought, bass]\ncatch_up: {days: 0, tries: 2}\nnotify: {webhook: {}, mail: {host: mail}}\n"
    )
    settings = read_settings(tmp_path, ["base", "drought"]).automation
    assert settings.cases == ["drought"]
    assert (settings.catch_up.days, settings.catch_up.tries) == (7, 2)
    assert settings.notify.webhook is not None
    assert settings.notify.mail is None
    assert settings.notify.log is not None, "what is wrong is told in the log at least"


def test_a_right_file_is_read_as_it_stands(tmp_path) -> None:
    (tmp_path / "automation.yaml").write_text("cases: [drought]\n", encoding="utf-8")
    settings = read_settings(tmp_path, ["base", "drought"])
    assert settings.automation == read_automation(tmp_path, ["base", "drought"])
    assert not settings.wrong
