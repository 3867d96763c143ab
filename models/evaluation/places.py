"""How well the places of lines and signatures, their kinds and their texts were found, whatever the order.

Two measures of detection, since people and networks cut lines differently: coverage asks whether half of a line's
area is in any region, and half of a region's area in any line; it forgives a line cut in two, or two in one region.
The other pairs lines with regions one to one where their intersection over union is .5 or more (the PASCAL VOC
criterion, Everingham et al. 2010).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import shapely

from models.arrays import F64
from models.document import Kind, Polygon, Region
from models.evaluation.items import Item, TruthBox
from models.evaluation.scores import ErrorCount, Overlap, Share, character_errors

_HALF = 0.5
MISSED = "missed"  # what a line's kind was taken for that no region covers

Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class PlaceScores:
    """Scores of one page's places; `None` where the truth has nothing of that sort.

    Attributes:
        covered: True boxes with half of their area or more in any region.
        kept: Regions with half of their area or more in any true box.
        pairs: True lines and regions paired one to one.
        kinds: How often a line truly of one kind was said to be of another, (true, said or `missed`).
        characters: Errors of the lines' texts by their true kind, None for a kind not told; each region's text
            belongs to the line it lies on most.
        invented: Characters of regions that lie on no true line.
        signatures: True signatures and regions said to be one, paired one to one.
    """

    covered: Share = field(default_factory=Share)
    kept: Share = field(default_factory=Share)
    pairs: Overlap | None = None
    kinds: Counter[tuple[Kind, str]] = field(default_factory=Counter)
    characters: dict[Kind | None, ErrorCount] = field(default_factory=dict)
    invented: int = 0
    signatures: Overlap | None = None

    def __add__(self, other: PlaceScores) -> PlaceScores:
        kinds = self.characters.keys() | other.characters.keys()
        none = ErrorCount()
        return PlaceScores(
            self.covered + other.covered, self.kept + other.kept, _sum(self.pairs, other.pairs),
            self.kinds + other.kinds,
            {kind: self.characters.get(kind, none) + other.characters.get(kind, none) for kind in kinds},
            self.invented + other.invented, _sum(self.signatures, other.signatures),
        )  # fmt: skip

    @property
    def line_characters(self) -> ErrorCount:
        """Return the errors of all lines, what was invented beside them included."""
        return sum(self.characters.values(), ErrorCount(self.invented, 0))

    @property
    def kind_accuracy(self) -> Share:
        """Return how many of the lines of a known kind that were found at all were said to be of it."""
        found = {pair: count for pair, count in self.kinds.items() if pair[1] != MISSED}
        return Share(sum(count for pair, count in found.items() if pair[0] == pair[1]), sum(found.values()))


def score_places(item: Item, regions: Sequence[Region], size: tuple[float, float]) -> PlaceScores | None:
    """Return the scores of a page's regions against the item's boxes, or None where it has none to score by.

    Args:
        item: A document of one page.
        regions: What was said to be on it.
        size: Width and height of the picture that the regions are in.
    """
    if item.unit == "signature":
        return PlaceScores(signatures=_signatures(item, regions, size))
    if not item.boxes:
        return None
    true = _true_shapes(item.boxes, item, size)
    said = _shapes([region.polygon for region in regions])
    shared = _intersections(true, said)
    covered, kept = _covered(true, said), _covered(said, true)
    if item.unit == "word":
        return PlaceScores(covered, kept)
    characters, invented = _characters(item.boxes, regions, shared)
    knows_signatures = any(box.kind == "signature" for box in item.boxes)
    return PlaceScores(
        covered, kept, _pairs(true, said, shared), _kinds(item.boxes, true, regions, shared), characters,
        invented, _signatures(item, regions, size) if knows_signatures else None,
    )  # fmt: skip


def _true_shapes(boxes: Sequence[TruthBox], item: Item, size: tuple[float, float]) -> Shapes:
    width, height = item.size or size
    scale = (size[0] / width, size[1] / height)
    return _shapes([tuple((x * scale[0], y * scale[1]) for x, y in box.polygon) for box in boxes])


def _shapes(polygons: Sequence[Polygon]) -> Shapes:
    """Return polygons as valid areas: of one that crosses itself what it encloses, of one without area nothing."""
    drawn = [shapely.Polygon(polygon) if len(polygon) > 2 else shapely.Polygon() for polygon in polygons]
    valid = shapely.make_valid(np.asarray(drawn, dtype=object), method="structure", keep_collapsed=False)
    return np.asarray(valid, dtype=object)


def _intersections(true: Shapes, said: Shapes) -> F64:
    """Return the areas that each true and each said shape share, (true, said)."""
    shared = np.zeros((len(true), len(said)))
    if shared.size:
        rows, columns = shapely.STRtree(said).query(true, predicate="intersects")
        shared[rows, columns] = shapely.area(shapely.intersection(true[rows], said[columns]))
    return shared


def _covered(shapes: Shapes, others: Shapes) -> Share:
    """Return how many shapes lie by half of their area or more in the union of the others."""
    areas = shapely.area(shapes)
    inside = shapely.area(shapely.intersection(shapes, shapely.union_all(others))) if len(others) else 0 * areas
    return Share(int(((inside >= _HALF * areas) & (areas > 0)).sum()), len(shapes))


def _pairs(true: Shapes, said: Shapes, shared: F64) -> Overlap:
    """Return the one-to-one pairs of IoU .5 or more, the best first."""
    right = 0
    if shared.size:
        union = shapely.area(true)[:, None] + shapely.area(said)[None, :] - shared
        iou = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
        while float(iou.max()) >= _HALF:
            row, column = np.unravel_index(int(iou.argmax()), iou.shape)
            iou[row, :] = iou[:, column] = 0
            right += 1
    return Overlap(right, len(said), len(true))


def _kinds(
    boxes: Sequence[TruthBox], true: Shapes, regions: Sequence[Region], shared: F64
) -> Counter[tuple[Kind, str]]:
    """Return the confusion of kinds: a line is of the kind of the regions that cover most of it."""
    found: Counter[tuple[Kind, str]] = Counter()
    areas = shapely.area(true)
    for box, area, row in zip(boxes, areas, shared, strict=True):
        if box.kind is None:
            continue
        by_kind: defaultdict[str, float] = defaultdict(float)
        for region, part in zip(regions, row, strict=True):
            by_kind[region.kind] += float(part)
        is_found = area > 0 and sum(by_kind.values()) >= _HALF * area
        found[box.kind, max(by_kind, key=by_kind.__getitem__) if is_found else MISSED] += 1
    return found


def _characters(
    boxes: Sequence[TruthBox], regions: Sequence[Region], shared: F64
) -> tuple[dict[Kind | None, ErrorCount], int]:
    said: list[list[str]] = [[] for _ in boxes]
    invented = 0
    for number, region in enumerate(regions):  # in reading order, so that the parts of a line follow one another
        line = int(shared[:, number].argmax())
        if shared[line, number] > 0:
            said[line].append(region.text)
        else:
            invented += character_errors("", region.text).errors
    errors: dict[Kind | None, ErrorCount] = {}
    for box, texts in zip(boxes, said, strict=True):
        errors[box.kind] = errors.get(box.kind, ErrorCount()) + character_errors(box.text, " ".join(texts))
    return errors, invented


def _signatures(item: Item, regions: Sequence[Region], size: tuple[float, float]) -> Overlap:
    true = _true_shapes([box for box in item.boxes if box.kind == "signature"], item, size)
    said = _shapes([region.polygon for region in regions if region.kind == "signature"])
    return _pairs(true, said, _intersections(true, said))


def _sum(one: Overlap | None, other: Overlap | None) -> Overlap | None:
    return one + other if one and other else one or other
