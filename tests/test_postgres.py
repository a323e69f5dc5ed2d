"""The server of the tests themselves: nothing is left of it, however its owner ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.projects import ROOT

_OWNER = """
import sys
from tests.postgres import start
server = start()
print(server.host, server.supervisor, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left(end: signal.Signals) -> None:
    """Interrupted, ended, killed."""
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWNER],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert owner.stdout is not None
    host, supervisor = owner.stdout.readline().split()
    assert Path(host).is_dir()
    # Readable once the supervisor, which ends last, has gone.
    gone = os.pidfd_open(int(supervisor))
    owner.send_signal(end)
    owner.communicate(timeout=60)
    import select

    assert select.select([gone], [], [], 60)[0]
    os.close(gone)
    assert not Path(host).exists()
