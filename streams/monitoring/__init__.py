"""How a process reports on itself: log lines, metrics, health. Nothing here acts on what it reports."""
