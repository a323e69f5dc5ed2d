"""The server of the tests themselves: nothing is left of it, however its owner ends."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.projects import ROOT

_OWNER = """
import sys
from tests import postgres

class Server(postgres.Server):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        if "starting" in sys.argv:
            told(self)

def told(server):
    print(server.host, server.supervisor, flush=True)
    sys.stdin.read()

postgres.Server = Server
if "wheel" in sys.argv:
    postgres._of_system = lambda: None
told(postgres.start())
"""


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("server", ["system", "starting", pytest.param("wheel", marks=pytest.mark.all)])
def test_nothing_is_left(server: str, end: signal.Signals) -> None:
    """Interrupted, ended, killed; of the system's server, also before it is ready, and of the wheel's."""
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWNER, server],
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
    assert select.select([gone], [], [], 60)[0]
    os.close(gone)
    assert not Path(host).exists()
