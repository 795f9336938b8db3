import pytest
from playwright.sync_api import sync_playwright

from config.local.throwaway import throwaway
from tests import chromium
from tests.browser.visitor import WIDE, Visitor


@pytest.fixture(scope="package")
def instance():
    """Web server, worker and scheduler of its own, with a small demo workspace applied."""
    with throwaway() as instance:
        instance.manage("load_demo", "--users", "3000")
        yield instance


@pytest.fixture(scope="module")
def browser():
    """Closed with its module: while Playwright's loop runs, Django takes this thread for async."""
    executable = chromium.find()
    assert executable, "There is no Chromium here: `python -m tests.chromium` gets one."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_window(browser, instance):
    """Opens a window of that size and colour scheme, with nobody logged in."""
    contexts = []

    def open_window(*, size=WIDE, scheme="light", **options):
        context = browser.new_context(viewport=size, color_scheme=scheme, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        return Visitor(context, instance.url)

    yield open_window
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def session(browser, instance):
    """The cookies of the demo's operator: logging in once is enough."""
    context = browser.new_context()
    Visitor(context, instance.url).log_in()
    cookies = context.storage_state()
    context.close()
    return cookies


@pytest.fixture
def visit(open_window, session):
    """Opens a window of the demo's operator, at the overview."""

    def visit(**options):
        visitor = open_window(storage_state=session, **options)
        visitor.go("/admin/")
        return visitor

    return visit


@pytest.fixture
def visitor(visit):
    return visit()


@pytest.fixture
def stranger(open_window):
    return open_window()
