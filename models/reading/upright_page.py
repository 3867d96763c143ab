"""An upright page and its lines: what is detected on the page as delivered, moved to where its text is upright."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from models.arrays import F32
from models.detection.types import TextDetector
from models.document import PageImage, Polygon
from models.kinds.annotate import LineAnnotator
from models.kinds.types import AnnotatedLine, AnnotatedPage, SignatureBox
from models.layout.frames import DeliveredFrame, FrameTransform, Points, UprightFrame
from models.layout.geometry import clip, clockwise
from models.pages.deskew import Deskewed, deskew
from models.reading.line_splits import split_at_gutters
from models.reading.orientation import page_angle
from models.recognition.types import LineRecogniser

# Classification and signatures need upright text: a page that was rotated by more is detected again.
_MAX_ROTATION_DEG = 45


@dataclass(frozen=True, slots=True)
class UprightPage:
    """An upright page and what is on it, in its own pixels.

    Attributes:
        image: The page with its text upright.
        lines: Of text, in no particular order.
        signatures: The highest-scoring first.
        rotation: By how many degrees clockwise the text of the page as delivered is rotated.
        frame: Takes points of this page to the page as delivered, and back.
        delivered: The page as delivered.
    """

    image: PageImage
    lines: list[AnnotatedLine]
    signatures: list[SignatureBox]
    rotation: float
    frame: FrameTransform[DeliveredFrame, UprightFrame]
    delivered: PageImage

    def polygon(self, corners: F32) -> Polygon:
        """Return corners on this page, (4, 2), as a polygon on the page as delivered."""
        points = self.frame.to_original(Points[UprightFrame](corners))
        return clip(points.xy.tolist(), self.delivered.width, self.delivered.height)


def detect_upright(
    image: PageImage, detector: TextDetector, annotator: LineAnnotator, recogniser: LineRecogniser
) -> UprightPage:
    """Return the page upright, with its lines and signatures.

    The lines give the rotation, so they are detected on the page as delivered. Small rotations move them, rather
    than detect them again; a page on its side or upside down is detected again upright.

    Args:
        recogniser: Reads lines both ways up where their vote is that the page is upside down.

    Raises:
        ModelError: A network cannot be run.
    """
    found = annotator.detect(image.pixels, detector)
    rotation = page_angle(image.pixels, found.boxes, recogniser=recogniser).degrees
    deskewed: Deskewed[DeliveredFrame, UprightFrame] = deskew(image.pixels, rotation)
    upright = PageImage(deskewed.pixels, image.dpi)
    if abs(rotation) > _MAX_ROTATION_DEG:
        found = annotator.detect(upright.pixels, detector)
        page = annotator.annotate(upright.pixels, found)
    else:
        page = annotator.annotate(image.pixels, found)
        if upright.pixels is not image.pixels:
            page = _moved(page, deskewed.frame)
    lines = split_at_gutters(upright.pixels, page.lines)
    return UprightPage(upright, lines, page.signatures, rotation, deskewed.frame, image)


def _moved(page: AnnotatedPage, frame: FrameTransform[DeliveredFrame, UprightFrame]) -> AnnotatedPage:
    """Return what is on a page as delivered where it is on the deskewed one."""

    def moved(corners: F32) -> F32:
        return clockwise(frame.from_original(Points(corners)).xy.astype(np.float32))

    return AnnotatedPage(
        [replace(line, corners=moved(line.corners)) for line in page.lines],
        [replace(signature, corners=moved(signature.corners)) for signature in page.signatures],
    )
