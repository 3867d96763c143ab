"""A page as its readers want it: its lines found, its text upright, and the way back to the page as delivered."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from models.arrays import F32
from models.detection.dbnet import clockwise
from models.detection.types import SignatureBox, TextBox, TextDetector
from models.document import PageImage, Polygon
from models.layout.frames import DeliveredFrame, FrameTransform, Points, UprightFrame
from models.layout.geometry import clip
from models.pages.deskew import Deskewed, deskew
from models.reading.orientation import page_angle
from models.recognition.types import LineRecogniser

_LYING = 45  # degrees: kinds and signatures are known upright, so that a page turned by more is looked at again


@dataclass(frozen=True, slots=True)
class StraightPage:
    """An upright page and what is on it; `rotation` is by how many degrees clockwise the text was turned."""

    image: PageImage
    boxes: list[TextBox]
    signatures: list[SignatureBox]
    rotation: float
    frame: FrameTransform[DeliveredFrame, UprightFrame]
    delivered: PageImage

    def polygon(self, corners: F32) -> Polygon:
        """Return corners on this page, (4, 2), as a polygon on the page as delivered."""
        points = self.frame.to_original(Points[UprightFrame](corners))
        return clip(points.xy.tolist(), self.delivered.width, self.delivered.height)


def straighten_page(image: PageImage, detector: TextDetector, recogniser: LineRecogniser) -> StraightPage:
    """Return the page upright; what is on it is looked for once, on the page as delivered. Raises ModelError."""
    found = detector.find(image.pixels)
    rotation = page_angle(image.pixels, found.lines, recogniser=recogniser).degrees
    deskewed: Deskewed[DeliveredFrame, UprightFrame] = deskew(image.pixels, rotation)
    rotated = PageImage(deskewed.pixels, image.dpi)
    if deskewed.pixels is image.pixels:
        return StraightPage(rotated, found.lines, found.signatures, rotation, deskewed.frame, image)
    if abs(rotation) > _LYING:
        found = detector.find(rotated.pixels)
        return StraightPage(rotated, found.lines, found.signatures, rotation, deskewed.frame, image)

    def upright(corners: F32) -> F32:
        return clockwise(deskewed.frame.from_original(Points(corners)).xy.astype(np.float32))

    lines = [replace(line, corners=upright(line.corners)) for line in found.lines]
    signatures = [replace(signature, corners=upright(signature.corners)) for signature in found.signatures]
    return StraightPage(rotated, lines, signatures, rotation, deskewed.frame, image)
