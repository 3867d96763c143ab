"""Writes deploy/grafana/inkstream.json: `python -m deploy.grafana`."""

from __future__ import annotations

from deploy.grafana.dashboard import FILE, dashboard_json

if __name__ == "__main__":
    FILE.write_text(dashboard_json(), encoding="utf-8")
