"""Processes that end when they should, each tried on a process of its own."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys

import pytest

STOP = """
import asyncio
from streams.signals import stop_on_signals

async def main():
    stop = stop_on_signals()
    print("ready", flush=True)
    await stop.wait()

asyncio.run(main())
"""

PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
"""

CHILD = """
import os, time
from streams.signals import die_with

die_with(os.getppid())
print("ready", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_asks_for_an_orderly_end(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", STOP], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(number)
        assert process.wait(20) == 0


def test_a_child_ends_with_its_killed_parent() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, CHILD], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
        # a grandchild is not ours to wait for; its pidfd becomes readable when it ends
        assert select.select([child], [], [], 20)[0] == [child]
        os.close(child)


def test_a_process_whose_parent_is_gone_already_ends_at_once() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from streams.signals import die_with; die_with(1 << 30); print('still here')"],
        capture_output=True,
        timeout=20,
    )
    assert (done.returncode, done.stdout) == (1, b"")
