"""How the parts may depend on each other, and what no part does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def modules(*places: str) -> list[str]:
    """Python files of folders, and single files where they exist, relative to the repository."""
    found = []
    for place in places:
        path = ROOT / place
        found += sorted(path.rglob("*.py")) if path.is_dir() else [path] * path.is_file()
    return [path.relative_to(ROOT).as_posix() for path in found]


INDEX, SEARCH, PAGES = modules("index"), modules("search"), modules("app.py", "pages")
PRODUCT = INDEX + SEARCH + PAGES
MAY_PRINT = {
    "index/__main__.py",
    "index/build_command.py",
    "search/__main__.py",
    "index/command.py",
    "index/watch_command.py",
    *PAGES,
}


def tree(module: str) -> ast.Module:
    return ast.parse((ROOT / module).read_text(encoding="utf-8"), filename=module)


def imported(source: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, full name) of every import, wherever in the module it stands."""
    for node in ast.walk(source):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            yield node.lineno, node.module or ""


def packages(module: str) -> set[str]:
    """The top-level packages that a module imports."""
    return {name.split(".")[0] for _, name in imported(tree(module))}


def test_the_walk_sees_the_modules():
    """The lists below are not empty, so the tests below are not vacuous."""
    assert {"index/__main__.py", "index/sources/works.py", "index/dedupe.py"} <= set(INDEX)
    assert {"search/__main__.py", "search/engine.py"} <= set(SEARCH)
    assert packages("search/engine.py") >= {"index", "numpy"}


@pytest.mark.parametrize("module", INDEX)
def test_index_depends_on_nothing_above_it(module: str):
    """Nothing in index/ imports the search, the app or its pages."""
    assert packages(module) & {"search", "app", "pages", "streamlit", "tests"} == set()


@pytest.mark.parametrize("module", SEARCH)
def test_search_depends_on_nothing_above_it(module: str):
    """Nothing in search/ imports the app or its pages."""
    assert packages(module) & {"app", "pages", "streamlit", "tests"} == set()


def test_pages_import_only_search():
    """The app and its pages reach everything through `search`, never through `index`."""
    assert {module: packages(module) & {"index"} for module in PAGES} == {
        module: set() for module in PAGES
    }


@pytest.mark.parametrize("module", PRODUCT)
def test_no_package_is_imported_under_its_bare_name(module: str):
    """`import index` is not written: a local variable of that name would shadow it."""
    plain = [
        (node.lineno, alias.name)
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name.split(".")[0] in ("index", "search")
    ]
    assert plain == []


@pytest.mark.parametrize("module", PRODUCT)
def test_no_error_is_swallowed(module: str):
    """No handler of every exception does nothing, and none is suppressed by name."""
    broad = {"Exception", "BaseException"}
    swallowed = []
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.ExceptHandler):
            named = ast.walk(node.type) if node.type else ()
            caught = {n.id for n in named if isinstance(n, ast.Name)} if node.type else broad
            idle = all(
                isinstance(s, ast.Pass | ast.Continue)
                or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
                for s in node.body
            )
            if caught & broad and idle:
                swallowed.append(node.lineno)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
            swallowed += [node.lineno] * bool({ast.unparse(a) for a in node.args} & broad)
    assert swallowed == []


@pytest.mark.parametrize("module", PRODUCT)
def test_nothing_is_pickled(module: str):
    """No module imports a pickler, evaluates text, or lets NumPy load pickles."""
    picklers = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
    assert packages(module) & picklers == set()
    calls = [node for node in ast.walk(tree(module)) if isinstance(node, ast.Call)]
    assert [c.lineno for c in calls if ast.unparse(c.func) in ("eval", "exec", "torch.load")] == []
    allowed = [
        c.lineno
        for c in calls
        for keyword in c.keywords
        if keyword.arg == "allow_pickle" and ast.unparse(keyword.value) != "False"
    ]
    assert allowed == []


@pytest.mark.parametrize("module", PRODUCT)
def test_modules_are_short(module: str):
    """A module has under 400 lines."""
    assert len((ROOT / module).read_text(encoding="utf-8").splitlines()) < 400


@pytest.mark.parametrize("module", sorted(set(PRODUCT) - MAY_PRINT))
def test_only_command_lines_and_pages_print(module: str):
    """A library call leaves stdout and stderr to its caller."""
    printing = [
        node.lineno
        for node in ast.walk(tree(module))
        if (isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "pprint"))
        or (isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.stdout", "sys.stderr"))
    ]
    assert printing == []


@pytest.mark.parametrize("module", PRODUCT)
def test_modules_say_what_they_are(module: str):
    """Each module begins with a docstring."""
    assert ast.get_docstring(tree(module))
