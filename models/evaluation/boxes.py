"""How well the boxes of lines and signatures, their kinds and their texts were found, whatever the order.

People and networks cut lines differently, so there are two measures of detection. Coverage recall counts lines
with half of their area in any region, coverage precision regions with half of their area in any line: both forgive
a line cut in two, or two lines in one region. The other measure pairs lines with regions one to one where their
intersection over union is .5 or more (the PASCAL VOC criterion, Everingham et al. 2010). Words have
one of their own: the mean intersection over union of true words with those of the same text that overlap them most.
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
from models.evaluation.scores import ErrorCount, Mean, Overlap, Share, character_errors

MIN_IOU = 0.5
_MIN_COVERED = 0.5  # of a shape's area
MISSED = "missed"  # stands for the predicted kind of a line that no region covers

Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class BoxScores:
    """Scores of one page's boxes; `None` where the truth has nothing of that sort.

    Attributes:
        coverage_recall: True boxes with half of their area or more in any region.
        coverage_precision: Regions with half of their area or more in any true box.
        pairs: True lines and regions paired one to one.
        kinds: How often a line of one kind was predicted to be of another, (true, predicted or `missed`).
        characters: Errors of the lines' texts by their true kind, None for an unknown kind; each region's
            text belongs to the line that it overlaps most.
        insertions: Characters of regions that overlap no true line.
        signatures: True signatures and regions classified as one, paired one to one.
        word_iou: Of true words that a word of the same text overlaps; empty where the reader gives no words.
    """

    coverage_recall: Share = field(default_factory=Share)
    coverage_precision: Share = field(default_factory=Share)
    pairs: Overlap | None = None
    kinds: Counter[tuple[Kind, str]] = field(default_factory=Counter)
    characters: dict[Kind | None, ErrorCount] = field(default_factory=dict)
    insertions: int = 0
    signatures: Overlap | None = None
    word_iou: Mean = field(default_factory=Mean)

    def __add__(self, other: BoxScores) -> BoxScores:
        kinds = self.characters.keys() | other.characters.keys()
        none = ErrorCount()
        return BoxScores(
            self.coverage_recall + other.coverage_recall, self.coverage_precision + other.coverage_precision,
            _sum(self.pairs, other.pairs), self.kinds + other.kinds,
            {kind: self.characters.get(kind, none) + other.characters.get(kind, none) for kind in kinds},
            self.insertions + other.insertions, _sum(self.signatures, other.signatures),
            self.word_iou + other.word_iou,
        )  # fmt: skip

    @property
    def line_characters(self) -> ErrorCount:
        """Return the errors of all lines, insertions beside them included."""
        return sum(self.characters.values(), ErrorCount(self.insertions, 0))

    @property
    def kind_accuracy(self) -> Share:
        """Return how many of the found lines of a known kind were predicted to be of that kind."""
        found = {pair: count for pair, count in self.kinds.items() if pair[1] != MISSED}
        return Share(sum(count for pair, count in found.items() if pair[0] == pair[1]), sum(found.values()))


def score_boxes(item: Item, regions: Sequence[Region], size: tuple[float, float]) -> BoxScores | None:
    """Return the scores of a page's regions against the item's boxes, or None where it has none to score by.

    Args:
        item: A document of one page.
        regions: What a reader found on it.
        size: Width and height of the picture that the regions are in.
    """
    if item.unit == "signature":
        return BoxScores(signatures=_signatures(item, regions, size))
    if not item.boxes:
        return None
    true = _true_shapes(item.boxes, item, size)
    predicted = shapes_of([region.polygon for region in regions])
    shared = _intersections(true, predicted)
    recall, precision = _covered(true, predicted), _covered(predicted, true)
    if item.unit == "word":
        return BoxScores(recall, precision, word_iou=_word_iou(item.boxes, true, regions))
    characters, insertions = _characters(item.boxes, regions, shared)
    knows_signatures = any(box.kind == "signature" for box in item.boxes)
    return BoxScores(
        recall, precision, _pairs(true, predicted), _kinds(item.boxes, true, regions, shared), characters,
        insertions, _signatures(item, regions, size) if knows_signatures else None,
    )  # fmt: skip


def _true_shapes(boxes: Sequence[TruthBox], item: Item, size: tuple[float, float]) -> Shapes:
    width, height = item.size or size
    scale = (size[0] / width, size[1] / height)
    return shapes_of([tuple((x * scale[0], y * scale[1]) for x, y in box.polygon) for box in boxes])


def shapes_of(polygons: Sequence[Polygon]) -> Shapes:
    """Return polygons as valid areas, (n,): one that crosses itself is what it encloses, a flat one is empty."""
    drawn = [shapely.Polygon(polygon) if len(polygon) > 2 else shapely.Polygon() for polygon in polygons]
    valid = shapely.make_valid(np.asarray(drawn, dtype=object), method="structure", keep_collapsed=False)
    return np.asarray(valid, dtype=object)


def pairwise_iou(true: Shapes, predicted: Shapes) -> F64:
    """Return the intersection over union of each two shapes, (true, predicted) in [0, 1]; 0 of two empty ones."""
    shared = _intersections(true, predicted)
    union = shapely.area(true)[:, None] + shapely.area(predicted)[None, :] - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))


def _intersections(true: Shapes, predicted: Shapes) -> F64:
    """Return the area that each two shapes share, (true, predicted)."""
    shared = np.zeros((len(true), len(predicted)))
    if shared.size:
        # most lines and regions of a page do not meet: the tree finds those that do
        rows, columns = shapely.STRtree(predicted).query(true, predicate="intersects")
        shared[rows, columns] = shapely.area(shapely.intersection(true[rows], predicted[columns]))
    return shared


def _covered(shapes: Shapes, others: Shapes) -> Share:
    """Return how many shapes have half of their area or more in the union of the others."""
    areas = shapely.area(shapes)
    inside = shapely.area(shapely.intersection(shapes, shapely.union_all(others))) if len(others) else 0 * areas
    return Share(int(((inside >= _MIN_COVERED * areas) & (areas > 0)).sum()), len(shapes))


def _word_iou(boxes: Sequence[TruthBox], true: Shapes, regions: Sequence[Region]) -> Mean:
    """Return the IoU of each true word that is read right with the word that overlaps it most."""
    words = [word for region in regions for word in region.words]
    iou = pairwise_iou(true, shapes_of([word.polygon for word in words]))
    texts = np.array([word.text for word in words], dtype=object)
    best = [row[texts == box.text].max(initial=0.0) for box, row in zip(boxes, iou, strict=True)]
    read = [float(value) for value in best if value > 0]
    return Mean(sum(read), len(read))


def _pairs(true: Shapes, predicted: Shapes) -> Overlap:
    """Return the one-to-one pairs of IoU .5 or more, the best first."""
    correct = 0
    iou = pairwise_iou(true, predicted)
    while iou.size and float(iou.max()) >= MIN_IOU:
        row, column = np.unravel_index(int(iou.argmax()), iou.shape)
        iou[row, :] = iou[:, column] = 0
        correct += 1
    return Overlap(correct, len(predicted), len(true))


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
        is_found = area > 0 and sum(by_kind.values()) >= _MIN_COVERED * area
        found[box.kind, max(by_kind, key=by_kind.__getitem__) if is_found else MISSED] += 1
    return found


def _characters(
    boxes: Sequence[TruthBox], regions: Sequence[Region], shared: F64
) -> tuple[dict[Kind | None, ErrorCount], int]:
    """Return the errors of the lines by their kind, and the characters of regions that overlap no line."""
    read: list[list[str]] = [[] for _ in boxes]
    insertions = 0
    for number, region in enumerate(regions):  # in reading order, so that the parts of a line follow one another
        line = int(shared[:, number].argmax())
        if shared[line, number] > 0:
            read[line].append(region.text)
        else:
            insertions += character_errors("", region.text).errors
    errors: dict[Kind | None, ErrorCount] = {}
    for box, texts in zip(boxes, read, strict=True):
        errors[box.kind] = errors.get(box.kind, ErrorCount()) + character_errors(box.text, " ".join(texts))
    return errors, insertions


def _signatures(item: Item, regions: Sequence[Region], size: tuple[float, float]) -> Overlap:
    true = _true_shapes([box for box in item.boxes if box.kind == "signature"], item, size)
    return _pairs(true, shapes_of([region.polygon for region in regions if region.kind == "signature"]))


def _sum(one: Overlap | None, other: Overlap | None) -> Overlap | None:
    return one + other if one and other else one or other
