"""The Grafana dashboard, built as code. `make dashboard` writes inkstream.json, which Grafana loads."""
