"""Inputs are data, never code; names lead nowhere they should not."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from econex_pipeline.contracts import InputError
from econex_pipeline.district import load_case
from econex_pipeline.district.reading import _StrictLoader, read_yaml
from econex_pipeline.orchestration.setting import Inputs
from econex_pipeline.orchestration.storage import Storage

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "econex_pipeline").rglob("*.py"))
NAMES = [
    "../secrets",
    "..",
    ".",
    "",
    "a/b",
    "/etc/passwd",
    "a\\b",
    "a\0b",
    "a b",
    "..%2f",
    "~root",
    "$HOME",
    "a;b",
    "é",
]


def _calls() -> list[tuple[Path, ast.Call]]:
    found = []
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += [(path, node) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return found


def test_nothing_read_is_ever_run() -> None:
    forbidden = {"eval", "exec", "compile", "pickle.load", "pickle.loads", "yaml.unsafe_load", "yaml.full_load"}
    forbidden |= {"os.system", "marshal.loads", "joblib.load", "read_pickle", "pd.read_pickle", "yaml.load_all"}
    used = {(path.name, ast.unparse(call.func)) for path, call in _calls()}
    assert not {entry for entry in used if entry[1] in forbidden}


def test_yaml_is_read_by_a_safe_loader_everywhere() -> None:
    for path, call in _calls():
        if ast.unparse(call.func) == "yaml.load":
            loaders = [ast.unparse(keyword.value) for keyword in call.keywords if keyword.arg == "Loader"]
            assert loaders == ["_StrictLoader"], path
    assert issubclass(_StrictLoader, yaml.constructor.SafeConstructor)
    assert not issubclass(_StrictLoader, yaml.constructor.FullConstructor)


def test_no_command_goes_through_a_shell() -> None:
    for path, call in _calls():
        shells = [keyword for keyword in call.keywords if keyword.arg == "shell"]
        assert not shells, path


def test_a_yaml_file_with_code_in_it_is_refused_and_nothing_runs(tmp_path) -> None:
    proof = tmp_path / "proof"
    bad = tmp_path / "bad.yaml"
    bad.write_text(f"a: !!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path ['{proof}']]")
    with pytest.raises(InputError, match="not valid YAML"):
        read_yaml(bad)
    assert not proof.exists()


@pytest.mark.parametrize("name", NAMES)
def test_a_case_cannot_lead_out_of_its_folder(data_dir, name: str) -> None:
    with pytest.raises(InputError):
        load_case(data_dir, name)
    with pytest.raises(InputError):
        Inputs(data_dir=str(data_dir)).setting(name)


@pytest.mark.parametrize("name", [name for name in NAMES if "\0" not in name])  # a NUL cannot stand in a YAML file
def test_a_district_cannot_lead_out_of_its_folder(own_data, name: str) -> None:
    (own_data / "cases" / "base.yaml").write_text(f"district: '{name}'\ndescription: a way out\n", encoding="utf-8")
    with pytest.raises(InputError):
        load_case(own_data, "base")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", range(3))
def test_a_table_or_report_cannot_be_kept_outside_the_storage(tmp_path, name: str, place: int) -> None:
    parts = ["report", "base", "2025-07-15"]
    parts[place] = name
    with pytest.raises(InputError):
        Storage(root=str(tmp_path)).where(*parts, ".html")


def test_what_make_opens_is_open_to_this_machine_only() -> None:
    texts = [(ROOT / "Makefile").read_text(encoding="utf-8"), *(path.read_text(encoding="utf-8") for path in SOURCES)]
    addresses = {found for text in texts for found in re.findall(r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b", text)}
    assert addresses == {"127.0.0.1"}
