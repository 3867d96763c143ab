"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# an example that takes long says something of the machine, not of what is tested
settings.register_profile("inkstream", deadline=None)
settings.load_profile("inkstream")
