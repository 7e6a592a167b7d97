"""The house of docs/architecture.md: a room imports only rooms to its left, and no two files import each other."""

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "fer_exp"
ORDER = (
    "errors commit troubles bounds digests vocabulary names face_names split_names",
    "grouping orders files regular progress records system",
    "pictures",
    "stats",
    "column_names columns headers frames excel formats spss together table_cells tables",
    "config",
    "answers labels",
    "metrics",
    "raters judging",
    "datasets",
    "store",
    "runs",
    "methods",
    "training",
    "pretraining",
    "report",
    "studies",
    "collecting",
    "verifying export",
    "commands",
    "cli __main__",
    "predictor",
    "api",
)
PLACE = {room: place for place, rooms in enumerate(ORDER) for room in rooms.split()}
STARTS = "fer_exp.cli.start", "fer_exp.__main__"
"""The one way back: DDP's other processes are started as the program is."""


@cache
def imports() -> dict[str, set[str]]:
    """Module -> the modules of the package that it imports anywhere, inside functions too."""
    names = {module_name(path): path for path in PACKAGE.rglob("*.py")}
    return {name: imported(path, names) for name, path in names.items() if name != "fer_exp"}


def module_name(path: Path) -> str:
    return ".".join(("fer_exp", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


def imported(path: Path, names: dict[str, Path]) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inner & names.keys()) | ({node.module} if not inner <= names.keys() else set())
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "import_module" and node.args:
            found |= {value.value for value in node.args if isinstance(value, ast.Constant)}
    return (found & names.keys()) - {"fer_exp", module_name(path)}


def room(module: str) -> str:
    return module.split(".")[1]


def test_every_file_is_in_a_room():
    assert {room(module) for module in imports()} == set(PLACE)


@pytest.mark.parametrize("name", PLACE)
def test_a_room_imports_only_to_its_left(name):
    back = [
        f"{module} -> {other}"
        for module, others in imports().items()
        if room(module) == name
        for other in others
        if PLACE[room(other)] > PLACE[name]
    ]
    assert not back


def test_no_files_import_each_other():
    graph = {module: others - {STARTS[1]} if module == STARTS[0] else others for module, others in imports().items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))
