"""The embedded Kafka: a real single-node broker in KRaft mode, as a child process that ends with its parent."""

from __future__ import annotations

import base64
import fcntl
import os
import socket
import subprocess
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from streams.broker.config import LOG4J, PROPERTIES, jvm_flags
from streams.broker.jars import classpath, java_program, java_version
from streams.broker.ports import answers, is_free, listens, ports_in
from streams.errors import BrokerError
from streams.paths import PRIVATE_UMASK, private_file, private_folder
from streams.signals import dying_with

_LOG_TAIL_LINES = 15
_STOP_S = 4.0  # an orderly stop takes one; killed, it checks its log at the next start, and loses nothing
_FORMAT_S = 60.0
_PROPERTIES, _LOG4J, _PORTS, _LOG = "server.properties", "log4j2.yaml", "ports", "kafka.log"


class EmbeddedKafka:
    """One Kafka process with its data under `data_dir/kafka`. Use as a context manager, or launch and stop."""

    def __init__(
        self,
        data_dir: Path,
        *,
        heap_mb: int = 384,
        port: int | None = None,
        preferred_port: int = 0,
        overrides: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare a broker; nothing happens before `launch`.

        Args:
            port: The port; it is an error where it is taken.
            preferred_port: The port where it is free; else that of last time; else any free one.
            overrides: Kafka properties that replace or join ours; {port} and {controller} stand for the ports.
        """
        self._overrides = dict(overrides or {})
        self._home = data_dir.resolve() / "kafka"
        self._heap_mb = heap_mb
        self._port = port
        self._preferred_port = preferred_port
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None

    @property
    def bootstrap(self) -> str:
        """`host:port` that clients connect to; known as soon as `launch` has returned."""
        return f"127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """Process id of the running broker."""
        if self._process is None:
            raise BrokerError("Kafka is not running")
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How the broker ended; None while it runs. What was launched and is not running has ended."""
        return -1 if self._process is None else self._process.poll()

    @property
    def log(self) -> Path:
        """File that the broker's output goes to."""
        return self._home / _LOG

    def launch(self) -> None:
        """Start the broker and return at once; clients may connect from then on, and are answered seconds later.

        One that ended is started again the same way: on its data, and on its port, which its clients know.

        1. Java and the jars are found (fetched, the first time).
        2. The data folder is locked: two brokers on the same data would destroy it.
        3. The storage is formatted, the first time.
        4. The broker is started on the ports of last time, where they are free.

        Raises:
            BrokerError: Something is missing, the folder is in use or cannot be written, a port is taken.
        """
        runtime, jars = java_program().absolute(), classpath()  # 1
        self._claim()  # 2
        try:
            self._start(runtime, jars)
        except OSError as error:
            self.stop()
            raise BrokerError(f"Kafka cannot be started in {self._home}: {error}") from error
        except BrokerError:
            self.stop()
            raise

    def _start(self, runtime: Path, jars: list[Path]) -> None:
        for name in (_PORTS, _PROPERTIES, _LOG4J, _LOG):
            private_file(self._home / name)
        self._write_properties()
        # Our own files are named relative to the folder: a properties file mangles commas, umlauts and backslashes.
        command = [str(runtime), *jvm_flags(self._heap_mb, _archive(runtime), Path())]
        command += ["-cp", os.pathsep.join(str(jar.absolute()) for jar in jars)]
        if not (self._home / "data" / "meta.properties").exists():
            self._format(command)  # 3
        with self.log.open("ab") as log:
            self._process = self._spawn([*command, "kafka.Kafka", _PROPERTIES], log)  # 4

    def _spawn(self, command: list[str], output: IO[bytes] | int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command, cwd=self._home, env={**os.environ, "LC_ALL": "C.UTF-8"}, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True, umask=PRIVATE_UMASK,
            preexec_fn=dying_with(os.getpid()),
        )  # fmt: skip

    def wait_ready(self, timeout_s: float = 60.0) -> None:
        """Return once the broker serves clients. Raises BrokerError with its log where it does not."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                code = None if self._process is None else self._process.returncode
                raise BrokerError(f"Kafka ended while starting (exit code {code}).\n{self._log_tail()}")
            if (listens if self._overrides else answers)(self.bootstrap):
                return
            time.sleep(0.05)
        raise BrokerError(f"Kafka did not serve within {timeout_s:g} s.\n{self._log_tail()}")

    def stop(self) -> None:
        """End the broker in an orderly way, by force after a while. Does nothing where it is not running."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> Self:
        self.launch()
        try:
            self.wait_ready()
        except BrokerError:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _claim(self) -> None:
        if self._lock is not None:
            return
        try:
            private_folder(self._home)
            private_file(self._home / "lock")
            self._lock = (self._home / "lock").open("w")
        except OSError as error:
            raise BrokerError(f"Kafka's folder {self._home} cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            self._lock = None
            raise BrokerError(
                f"Another inkstream already runs its Kafka on {self._home}. Stop it, choose another --data-dir, "
                "or join it with --broker."
            ) from error

    def _write_properties(self) -> None:
        ports = self._home / _PORTS
        last = ports_in(ports)
        if self._port is not None and not is_free(self._port):
            raise BrokerError(f"Port {self._port} is taken; choose another.")
        candidates = (self._preferred_port, *last[:1])
        port = self._port or next(filter(is_free, candidates), None) or free_port()
        controller = next((p for p in last[1:2] if is_free(p) and p != port), None) or free_port()
        ports.write_text(f"{port} {controller}\n")
        self._port = port
        text = "\n".join([PROPERTIES, *(f"{name}={value}" for name, value in self._overrides.items())])
        (self._home / _PROPERTIES).write_text(text.format(port=port, controller=controller, logs="data"))
        (self._home / _LOG4J).write_text(LOG4J)

    def _format(self, command: list[str]) -> None:
        # one id in 64 would begin with a dash, and be taken for an option
        cluster = "K" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")[1:]
        arguments = ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", _PROPERTIES]
        with self._spawn([*command, *arguments], subprocess.PIPE) as tool:
            try:
                output = tool.communicate(timeout=_FORMAT_S)[0].decode(errors="replace")
            except subprocess.TimeoutExpired as error:
                tool.kill()
                raise BrokerError(
                    f"Kafka's storage in {self._home} was not formatted in {_FORMAT_S:g} s"
                ) from error
        if tool.returncode != 0:
            raise BrokerError(f"Kafka's storage in {self._home} cannot be formatted:\n{output}")

    def _log_tail(self) -> str:
        try:
            lines = self.log.read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return "It wrote no log."
        return f"The end of {self.log}:\n" + "\n".join(lines[-_LOG_TAIL_LINES:])


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _archive(runtime: Path) -> list[str]:
    """Return the JVM flags that keep parsed classes for the next start, where this Java can do so by itself."""
    version = java_version(runtime)
    if version < 19:
        return []
    archive = f"-XX:SharedArchiveFile=classes-{version}.jsa"
    return ["-XX:+AutoCreateSharedArchive", archive, "-Xlog:cds=off", "-Xshare:auto"]
