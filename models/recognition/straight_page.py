"""A page as its readers want it: its lines found, its text upright, and the way back to the page as delivered."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from models.detection.base import TextBox, TextDetector
from models.detection.dbnet import clockwise
from models.document import PageImage, Polygon
from models.geometry import clip
from models.orientation import page_angle
from models.recognition.base import LineRecogniser
from models.straighten import Straightened, straighten

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class StraightPage:
    """An upright page and its lines; `rotation` is by how many degrees clockwise the text was turned."""

    image: PageImage
    boxes: list[TextBox]
    rotation: float
    straightened: Straightened
    delivered: PageImage

    def polygon(self, corners: Floats) -> Polygon:
        """Return corners on this page, (4, 2), as a polygon on the page as delivered."""
        return clip(self.straightened.to_page(corners).tolist(), self.delivered.width, self.delivered.height)


def straighten_page(image: PageImage, detector: TextDetector, recogniser: LineRecogniser) -> StraightPage:
    """Return the page upright, its lines looked for once, on the page as delivered. Raises ModelError."""
    boxes = detector.detect(image.pixels)
    rotation = page_angle(image.pixels, boxes, recogniser=recogniser).degrees
    straightened = straighten(image.pixels, rotation)
    turned = PageImage(straightened.pixels, image.dpi)
    if straightened.pixels is image.pixels:
        return StraightPage(turned, boxes, rotation, straightened, image)
    there = np.linalg.inv(straightened.matrix)
    upright = [
        replace(box, corners=clockwise((box.corners @ there[:2, :2].T + there[:2, 2]).astype(np.float32)))
        for box in boxes
    ]
    return StraightPage(turned, upright, rotation, straightened, image)
