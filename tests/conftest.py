"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# how long an example takes depends on the machine, not on what is tested
settings.register_profile("inkstream", deadline=None)
settings.load_profile("inkstream")
