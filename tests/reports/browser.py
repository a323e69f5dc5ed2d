"""A browser that opens pages of the disk, and reaches nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Where a name would be looked up, there is none.
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
#: Milliseconds that anything may take, on a loaded machine.
TIMEOUT = 60_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium."""
    if not CHROMIUM.exists():
        raise FileNotFoundError(f"{CHROMIUM} is needed: apt-get install -y chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_ARGUMENTS), timeout=TIMEOUT)
        try:
            yield browser
        finally:
            browser.close()
