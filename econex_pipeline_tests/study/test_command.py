"""What a study is asked for on the command line and cannot be run: one sentence, before anything is run or replaced."""

import pytest

from econex_pipeline.study import __main__ as command
from econex_pipeline_tests.conftest import DATA


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--days", "0"), "days is 0; expected at least 1 day"),
        (("--days", "-3"), "days is -3; expected at least 1 day"),
        (("--jobs", "0"), "jobs is 0; expected at least 1 process"),
        (("--year", "0"), "year is 0; expected a year such as 2025"),
        (("--year", "99999"), "year is 99999; expected a year such as 2025"),
        (("--months", "2025-07", "2025-13"), "months is '2025-07 2025-13'; expected months such as 2025-07"),
        (("--cases", "base", "bse"), "case is 'bse'; expected a case in cases/"),
        (("--page", "nowhere/study.md"), "page is 'nowhere/study.md'; expected a file in a folder that is there"),
    ],
)
def test_what_cannot_be_run_is_refused_in_one_sentence(monkeypatch, capsys, tmp_path, arguments, sentence):
    monkeypatch.setenv("ECONEX_DATA", str(DATA))
    monkeypatch.setenv("ECONEX_STORAGE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "run", lambda *_: pytest.fail("the study began"))
    assert command.main(arguments) == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("error: ")
    assert sentence in said
    assert not list(tmp_path.rglob("months.*"))


@pytest.mark.parametrize("part", [("--days", "1"), ("--cases", "base"), ("--strategies", "rules")])
@pytest.mark.parametrize(("of", "kept"), [((), "months.csv"), (("--year", "2025"), "year.csv")])
def test_a_part_of_a_study_does_not_replace_the_figures_of_a_whole_one(monkeypatch, capsys, tmp_path, part, of, kept):
    monkeypatch.setenv("ECONEX_DATA", str(DATA))
    monkeypatch.setenv("ECONEX_STORAGE", str(tmp_path))
    monkeypatch.setattr(command, "run", lambda tasks, *_: ({}, dict.fromkeys(tasks, "it was not run")))
    for arguments in (of, (*of, *part)):
        command.main(arguments)
        capsys.readouterr()
    whole = tmp_path / "study" / kept
    assert whole.exists()
    assert whole.with_stem(f"{whole.stem}_part").exists()
