"""TrOCR on a CUDA device against transformers on the same: `python -m tests.bench.trocr_cuda [base] [small]`.

Theirs: `generate` in bf16, with the batch that is fastest, of pictures that lie on the device ready made. Ours: of
lines as they are, (H, W, 3) on the host. Lines say 30 to 60 tokens. Beside both stands what the device's own rates,
measured here, leave as the least. Exits with 1 where in single precision a token differs.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from models.arrays import ImageU8
from models.recognition.trocr.config import TrocrConfig
from models.recognition.trocr.greedy import Hypothesis
from models.recognition.trocr.picture import square
from models.recognition.trocr.torch_network import TorchTrocr
from tests.bench.trocr_lines import draw_lines, write_checkpoint
from tests.torch.trocr_checkpoints import BASE, SMALL, pixel_values

_LENGTHS = (30, 38, 45, 52, 60)  # tokens of the texts, their end with them
_DRAWN, _LINES, _EXACT = 40, 2048, 64
_BATCHES, _AT_ONCE = (64, 128, 256, 512), (128, 256, 512)
_ROUNDS = 3
_SHAPES = {"base": BASE, "small": SMALL}


@dataclass(frozen=True, slots=True)
class Rates:
    """What the device does in a second: operations of bf16 matrices, and bytes read or written."""

    operations: float
    bytes: float

    @classmethod
    def measured(cls) -> Rates:
        side = 8192
        one, two = (torch.randn(side, side, dtype=torch.bfloat16, device="cuda") for _ in range(2))
        into = torch.empty_like(one)
        block = torch.randn(1 << 28, device="cuda")
        other = torch.empty_like(block)
        product = fastest(lambda: torch.mm(one, two, out=into), 8)
        copy = fastest(lambda: other.copy_(block), 8)
        return cls(2.0 * side**3 / product, 2.0 * block.numel() * 4 / copy)


def fastest(work: Callable[[], object], rounds: int) -> float:
    """Return the seconds that work takes on the device at best."""
    times = []
    for _ in range(rounds):
        torch.cuda.synchronize()
        started = perf_counter()
        work()
        torch.cuda.synchronize()
        times.append(perf_counter() - started)
    return min(times)


def floor(config: TrocrConfig, rates: Rates, tokens: float, lanes: int) -> tuple[float, float]:
    """Return the least seconds of the encoder and of the decoder for one line, one after the other.

    The encoder is arithmetic. A step reads the weights once for all lanes, and what was seen once a layer for each;
    keys and values of the text are a fiftieth of it and left out.
    """
    one, two = config.squares, config.decoder
    layer = one.tokens * (4 * one.width**2 + 2 * one.width * one.inner) + 2 * one.tokens**2 * one.width
    encoder = 2.0 * (one.layers * layer + one.tokens * one.width * 3 * one.patch**2) / rates.operations
    weights = two.layers * (6 * two.width**2 + 2 * two.width * two.inner + 2 * two.width * two.sees)
    weights += two.width * two.vocabulary
    looked = two.layers * one.tokens * two.sees
    read = 2.0 * (weights / lanes + looked) / rates.bytes
    computed = 2.0 * (weights + 2 * two.heads * looked) / rates.operations
    return encoder, tokens * max(read, computed)


def main(names: list[str]) -> int:
    """Print what each shape does, and the ratios in the last line; return 1 where tokens differ, else 0."""
    warnings.simplefilter("ignore")
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    rates = Rates.measured()
    print(f"{torch.cuda.get_device_name()}: {rates.operations / 1e12:.0f} T operations/s in bf16 matrices, "
          f"{rates.bytes / 1e12:.2f} TB/s")  # fmt: skip
    ratios, wrong = [], 0
    for name in names or list(_SHAPES):
        with tempfile.TemporaryDirectory() as folder:
            ratio, differing = measure(name, Path(folder), rates)
        ratios.append(f"{name} ×{ratio:.1f}")
        wrong += differing
    found = f"{wrong} tokens differ in single precision" if wrong else "every token the same in single precision"
    print(f"ours / transformers, each at its best: {', '.join(ratios)}; {found}")
    return 1 if wrong else 0


def measure(name: str, folder: Path, rates: Rates) -> tuple[float, int]:
    """Print what one shape does; return how much faster ours is, and how many tokens differ."""
    drawn = draw_lines(_DRAWN, len(_LENGTHS))
    model = write_checkpoint(_SHAPES[name], drawn, folder, _LENGTHS, "cuda")
    lines = list(islice(cycle(drawn), _LINES))
    exact = TorchTrocr(folder, kind=torch.float32)
    squares = [square(line, exact.config) for line in drawn]
    expected = generated(model, pixel_values(squares).cuda())
    differing = differences(tokens_of(read(exact, lines[:_EXACT]), exact.config.end), cycle(expected))
    del exact
    pixels = pixel_values(squares).cuda().bfloat16().repeat(-(-_LINES // _DRAWN), 1, 1, 1)[:_LINES]
    model = model.bfloat16()
    theirs = {
        batch: 2 * batch / fastest(partial(in_batches, model, pixels[: 2 * batch], batch), 2) for batch in _BATCHES
    }
    del model, pixels
    torch.cuda.empty_cache()
    ours: dict[int, float] = {}
    network = TorchTrocr(folder)
    for at_once in _AT_ONCE:
        network.lines_at_once = at_once
        read(network, lines)  # steps are recorded
        ours[at_once] = _LINES / fastest(partial(read, network, lines), _ROUNDS)
    same = 1 - differences(tokens_of(read(network, lines[:_EXACT]), network.config.end), cycle(expected)) / (
        _EXACT * statistics.mean(_LENGTHS)
    )
    best = max(ours, key=ours.__getitem__)
    encoder, decoder = floor(network.config, rates, statistics.mean(_LENGTHS), best)
    print(
        f"  {name}: theirs {_listed(theirs)}; ours {_listed(ours)} lines/s; "
        f"in bf16 {same:.1%} of the tokens the same"
    )
    print(f"    floor: encoder {1e6 * encoder:.0f} µs and decoder {1e6 * decoder:.0f} µs a line, "
          f"{1 / (encoder + decoder):.0f} lines/s; {ours[best] * (encoder + decoder):.0%} of it")  # fmt: skip
    return ours[best] / max(theirs.values()), differing


def read(network: TorchTrocr, lines: list[ImageU8]) -> list[Hypothesis]:
    return network.read(lines, [max(_LENGTHS)] * len(lines), lambda _: False)


def tokens_of(texts: list[Hypothesis], end: int) -> list[list[int]]:
    return [text.tokens + [end] * text.ended for text in texts]


def generated(model: Any, pixels: torch.Tensor, **options: Any) -> list[list[int]]:
    """Return what transformers reads, each text up to its end."""
    options = {"max_new_tokens": max(_LENGTHS), "num_beams": 1, "do_sample": False} | options
    with torch.inference_mode():
        rows = model.generate(pixels, **options)[:, 1:].tolist()
    end = model.generation_config.eos_token_id
    return [row[: row.index(end) + 1] if end in row else row for row in rows]


def in_batches(model: Any, pixels: torch.Tensor, batch: int) -> None:
    for first in range(0, len(pixels), batch):
        generated(model, pixels[first : first + batch])


def differences(one: list[list[int]], other: Any) -> int:
    """Return how many tokens of texts differ from those expected."""
    return sum(
        sum(a != b for a, b in zip(mine, theirs, strict=False)) + abs(len(mine) - len(theirs))
        for mine, theirs in zip(one, other, strict=False)
    )


def _listed(rates: dict[int, float]) -> str:
    return ", ".join(f"{rate:.0f} by {size}" for size, rate in rates.items())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
