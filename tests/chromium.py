"""The Chromium of the browser tests: the system's, or one that is fetched, which is said.

`python -m tests.chromium` gets one where there is none and prints where it is.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def find():
    """The path of a Chromium that runs, or None."""
    named = (os.environ.get("CHROMIUM"), *map(shutil.which, NAMES))
    return next((path for path in named if path and runs(path)), None) or playwrights_own()


def playwrights_own():
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only tests have it

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() and runs(path) else None


def runs(path):
    """Ubuntu's `chromium-browser` is a note that says to install a snap."""
    try:
        command = [path, "--version"]
        return subprocess.run(command, capture_output=True, timeout=30, check=False).returncode == 0
    except OSError:
        return False


def get():
    """Install one: with the package manager where we may, which brings its libraries too."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("No Chromium here: installing the system's package with apt-get.")
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        patient = ("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120")
        attempt(*patient, "update", **quiet)
        attempt(*patient, "install", "--no-install-recommends", "chromium", **quiet)
        if find():
            return
    say("No Chromium here: fetching Playwright's with `playwright install chromium`.")
    with_libraries = ["--with-deps"] if os.geteuid() == 0 else []
    attempt(sys.executable, "-m", "playwright", "install", *with_libraries, "chromium")


def attempt(*command, **environment):
    subprocess.run(
        command,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        check=False,
    )


def say(line):
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    if not find():
        get()
    found = find()
    if not found:
        sys.exit("There is no Chromium, and none could be fetched: set CHROMIUM to one's path.")
    sys.stdout.write(f"{found}\n")
