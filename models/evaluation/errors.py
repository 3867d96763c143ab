"""What can be wrong with ground truth.

InkstreamError
└── GroundTruthError        exit code 2: the folder that was named is not what `evaluate` takes
    ├── NoGroundTruth       nothing in it is ground truth
    └── MalformedGroundTruth  it has ground truth that cannot be parsed, or that names files which are not there
"""

from __future__ import annotations

from models.errors import InkstreamError


class GroundTruthError(InkstreamError):
    """A folder cannot be measured against."""

    reason = "ground-truth"
    exit_code = 2


class NoGroundTruth(GroundTruthError):
    """A folder has no ground truth in it; the message lists the formats that are understood."""

    reason = "no-ground-truth"


class MalformedGroundTruth(GroundTruthError):
    """A file of ground truth cannot be parsed, or names what is not there; the message names the file."""

    reason = "malformed-ground-truth"
