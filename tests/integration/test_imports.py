"""What an import brings with it, each tried in a process of its own."""

from __future__ import annotations

import subprocess
import sys


def test_neither_the_detector_nor_the_command_line_imports_torch() -> None:
    modules = "models.detection.craft.detector, models.weights.store, streams.cli"
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_worker_imports_opentelemetrys_sdk_only_where_it_traces() -> None:
    code = "import sys, streams.service.worker, streams.web.server; sys.exit('opentelemetry.sdk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
