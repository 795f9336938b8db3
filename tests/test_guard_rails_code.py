"""What a reviewer would otherwise have to look for in every change."""

import ast
import importlib
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db.migrations import RunPython, RunSQL
from django.db.migrations.loader import MigrationLoader
from django.template import engines

ROOT = Path(settings.BASE_DIR)

# Who may import whom: only what stands on a lower step. `config` puts everything together.
STEPS = {
    "common": 0,
    "workspaces": 1,
    "imports": 2,
    "partners": 3,
    "profiles": 3,
    "cohorts": 4,
    "segments": 5,
    "campaigns": 6,
    "demo": 7,
    "config": 8,
}


def modules(*apps_of_ours):
    """Product code: no tests, no migrations."""
    for app in apps_of_ours:
        for path in sorted((ROOT / app).rglob("*.py")):
            if not {"tests", "migrations"} & set(path.relative_to(ROOT).parts):
                yield path


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module


def ours():
    return [app for app in STEPS if (ROOT / app).is_dir()]


def test_every_app_has_its_step():
    installed = {
        config.name for config in apps.get_app_configs() if Path(config.path).parent == ROOT
    }

    assert installed <= set(STEPS), "say in STEPS who may import the new app"


@pytest.mark.parametrize("app", ours())
def test_imports_follow_the_arrows(app):
    wrong = []
    for path in modules(app):
        for name in imported(ast.parse(path.read_text())):
            other = name.split(".")[0]
            if other in STEPS and other != app and STEPS[other] >= STEPS[app]:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")

    assert wrong == []


def test_nothing_of_the_product_imports_its_tests():
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(*(app for app in ours() if app != "config"))
        for name in imported(ast.parse(path.read_text()))
        if "tests" in name.split(".")
    ]

    assert wrong == []


def test_the_environment_is_read_in_config_and_nowhere_else():
    wrong = [
        str(path.relative_to(ROOT))
        for path in modules(*(app for app in ours() if app != "config"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv")
    ]

    assert wrong == []


@pytest.mark.django_db
def test_no_model_has_changed_without_a_migration():
    call_command("makemigrations", "--check", "--dry-run", "--verbosity", "0")


def test_no_migration_mixes_schema_and_data():
    """Data in one transaction with a lock on its table keeps everybody waiting."""
    ours_ = {config.label for config in apps.get_app_configs() if config.name in STEPS}
    mixed = []
    for (app, name), migration in MigrationLoader(None).disk_migrations.items():
        kinds = {
            "data" if isinstance(operation, RunPython) else "schema"
            for operation in migration.operations
            if not isinstance(operation, RunSQL)
        }
        if app in ours_ and len(kinds) > 1:
            mixed.append(f"{app}.{name}")

    assert mixed == []


def commands():
    return [
        path
        for app in ours()
        for path in sorted((ROOT / app / "management" / "commands").glob("[!_]*.py"))
    ]


@pytest.mark.parametrize("path", commands(), ids=lambda path: path.stem)
def test_every_command_is_named_in_a_test(path):
    app = ROOT / path.relative_to(ROOT).parts[0]
    tests = [*(app / "tests").rglob("test_*.py"), *(ROOT / "tests").rglob("test_*.py")]

    assert any(path.stem in test.read_text() for test in tests), f"no test names {path.stem}"


@pytest.mark.parametrize("path", commands(), ids=lambda path: path.stem)
def test_every_command_says_what_it_does(path):
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)

    assert importlib.import_module(name).Command.help


def templates():
    folders = [ROOT / "templates", *(ROOT / app / "templates" for app in ours())]
    return [
        path.relative_to(folder)
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]


def test_every_template_compiles():
    for name in templates():
        engines["django"].get_template(str(name))


def test_no_test_starts_what_a_web_server_starts():
    """Importing `config.wsgi` starts the request log's writer, which commits."""
    tests = [path for path in ROOT.rglob("test_*.py") if ".venv" not in path.parts]

    assert tests
    assert [path for path in tests if "config.wsgi" in imported(ast.parse(path.read_text()))] == []
