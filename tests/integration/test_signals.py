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
    with stop_on_signals() as stop:
        print("ready", flush=True)
        await stop.wait()

asyncio.run(main())
"""

HANG = """
import asyncio, sys, time
from streams.signals import stop_on_signals

async def main():
    with stop_on_signals(within_s=float(sys.argv[1])) as stop:
        print("ready", flush=True)
        await stop.wait()
        print("asked", flush=True)
        while True:
            time.sleep(60)  # the loop is blocked: it runs no handler

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


def test_what_hangs_after_a_signal_ends_by_force_in_time() -> None:
    with hanging("0.2") as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 128 + signal.SIGTERM
        assert process.stderr is not None
        assert b"did not stop within 0.2 s" in process.stderr.read()


def test_the_same_signal_again_ends_at_once() -> None:
    with hanging("3600") as process:
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        assert process.stdout.readline() == b"asked\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 128 + signal.SIGINT


def hanging(within_s: str) -> subprocess.Popen[bytes]:
    """Return a process that handles signals and then does not end by itself."""
    process = subprocess.Popen(
        [sys.executable, "-c", HANG, within_s], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


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
