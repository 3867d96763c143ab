"""TrOCR's parts that need no network: vocabularies, pictures, long lines, guards."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.engines import TROCR_CHECKPOINTS
from models.errors import WeightsInvalid, WeightsMissing
from models.recognition.trocr.config import DecoderShape, EncoderShape, LineEncoderShape, TrocrConfig, read_config
from models.recognition.trocr.exported import read_description, write_description
from models.recognition.trocr.greedy import Hypothesis
from models.recognition.trocr.guards import confidence, is_loop, most_tokens, without_loop
from models.recognition.trocr.long_lines import MAX_ASPECT, parts
from models.recognition.trocr.picture import patches, prepared, square
from models.recognition.trocr.published import (
    fetch_checkpoint,
    find_checkpoint,
    verify_checkpoint,
    weights_file,
)
from models.recognition.trocr.tokenizer import Vocabulary, read_vocabulary

# of the real checkpoints: the parts of their config.json that describe the network
SMALL = {
    "model_type": "vision-encoder-decoder", "eos_token_id": 2, "decoder_start_token_id": 2, "pad_token_id": 1,
    "encoder": {
        "model_type": "deit", "hidden_size": 384, "num_hidden_layers": 12, "num_attention_heads": 6,
        "intermediate_size": 1536, "image_size": 384, "patch_size": 16, "qkv_bias": True, "hidden_act": "gelu",
        "layer_norm_eps": 1e-12,
    },
    "decoder": {
        "model_type": "trocr", "d_model": 256, "decoder_layers": 6, "decoder_attention_heads": 8,
        "decoder_ffn_dim": 1024, "vocab_size": 64044, "max_position_embeddings": 512, "activation_function": "relu",
        "use_learned_position_embeddings": True, "layernorm_embedding": True, "scale_embedding": True,
        "cross_attention_hidden_size": 384,
    },
}  # fmt: skip
PREPROCESSOR = {"resample": 3, "size": 384, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
CONFIG = TrocrConfig(
    EncoderShape(384, 12, 6, 1536, 384, 16, True, True, 1e-12),
    DecoderShape(256, 6, 8, 1024, 64044, 512, "relu", True, True, 16.0, 384),
    start=2, end=2, pad=1,
)  # fmt: skip

LINES = TrocrConfig(LineEncoderShape(192, 48, 8, 160), CONFIG.decoder, start=0, end=0, pad=0)


def write_json(path: Path, message: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(message), encoding="utf-8")
    return path


def sentencepiece_model(pieces: list[tuple[str, int]]) -> bytes:
    """Return a SentencePiece model: its pieces, and a field that has nothing to do with them."""

    def sized(tag: int, message: bytes) -> bytes:
        return bytes([tag, len(message)]) + message

    file = b"".join(
        sized(0x0A, sized(0x0A, piece.encode()) + b"\x15" + struct.pack("<f", -1.5) + bytes([0x18, kind]))
        for piece, kind in pieces
    )
    return file + sized(0x12, b"\x08\x01")


def test_the_configuration_of_small_is_read(tmp_path: Path) -> None:
    write_json(tmp_path / "config.json", SMALL)
    write_json(tmp_path / "preprocessor_config.json", PREPROCESSOR)
    config = read_config(tmp_path)
    assert config == CONFIG
    assert config.encoder.tokens == 578


def test_tokens_of_the_generation_configuration_come_first(tmp_path: Path) -> None:
    write_json(tmp_path / "config.json", SMALL)
    write_json(tmp_path / "generation_config.json", {"decoder_start_token_id": 0, "eos_token_id": 2})
    assert read_config(tmp_path).start == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "donut"}, "model_type is 'donut'"),
        ({"encoder": {"model_type": "swin"}}, "it joins 'swin'"),
        ({"decoder": {"model_type": "trocr", "activation_function": "relu"}}, "does not say d_model"),
        ({"decoder": SMALL["decoder"] | {"activation_function": "swish"}}, "activation functions"),  # type: ignore[operator]
    ],
)
def test_another_network_is_refused_and_named(change: dict[str, object], message: str, tmp_path: Path) -> None:
    write_json(tmp_path / "config.json", SMALL | change)
    with pytest.raises(WeightsInvalid, match=message):
        read_config(tmp_path)


def test_a_folder_without_a_configuration_names_what_belongs_there(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="a TrOCR folder has"):
        read_config(tmp_path)
    (tmp_path / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(WeightsInvalid, match="is no JSON"):
        read_config(tmp_path)


def test_byte_level_tokens_become_text_even_where_a_letter_is_cut_in_two(tmp_path: Path) -> None:
    words = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "ĠHar": 4, "bour": 5, "Ã": 6, "©": 7, "Ġ": 8, ",": 9}
    write_json(tmp_path / "vocab.json", words)
    assert read_vocabulary(tmp_path).text([0, 4, 5, 9, 8, 6, 7, 2, 500]) == "Harbour, é"


def test_sentencepiece_tokens_become_text(tmp_path: Path) -> None:
    pieces = [
        ("<unk>", 2),
        ("<s>", 3),
        ("</s>", 3),
        ("▁Har", 1),
        ("bour", 1),
        ("<0xC3>", 6),
        ("<0xA9>", 6),
        ("▁", 1),
    ]
    (tmp_path / "sentencepiece.bpe.model").write_bytes(sentencepiece_model(pieces))
    vocabulary = read_vocabulary(tmp_path)
    assert len(vocabulary.pieces) == 1 + len(pieces)  # fairseq's padding comes second and moves the others
    assert vocabulary.text([0, 4, 5, 8, 6, 7, 2]) == "Harbour é"


@pytest.mark.parametrize("name", ["vocab.json", "tokenizer.json", "sentencepiece.bpe.model"])
def test_a_damaged_vocabulary_is_refused(name: str, tmp_path: Path) -> None:
    whole = sentencepiece_model([("<unk>", 2), ("<s>", 3), ("</s>", 3), ("▁Har", 1)])
    (tmp_path / name).write_bytes(whole[:-3])
    with pytest.raises(WeightsInvalid, match="holds no vocabulary"):
        read_vocabulary(tmp_path)


def test_a_folder_without_a_vocabulary_is_reported(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="tokenizer"):
        read_vocabulary(tmp_path)


def test_a_picture_becomes_patches_row_by_row_and_channel_by_channel() -> None:
    line = np.zeros((40, 300, 3), np.uint8)
    line[:, 150:, 1] = 200
    cut = patches(square(line, CONFIG), CONFIG)
    assert cut.shape == (576, 768) and cut.dtype == np.uint8
    assert not cut[:10].any() and (cut[14:24, 256:512] == 200).all() and not cut[14:24, 512:].any()


def test_a_grey_line_is_prepared_as_its_three_channels_would_be() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (50, 400)).astype(np.uint8)
    assert (square(grey, CONFIG) == square(np.repeat(grey[:, :, None], 3, 2), CONFIG)).all()


def test_a_network_of_lines_is_given_the_line_and_one_of_squares_a_square() -> None:
    line = np.full((24, 300, 3), (10, 20, 30), np.uint8)
    assert prepared(line, CONFIG).shape == (576, 768)
    strip = prepared(line, LINES)
    assert strip.shape == (48, 600, 3) and (strip == (30, 20, 10)).all()  # as the recogniser's trunk was trained
    assert prepared(np.zeros((24, 9000), np.uint8), LINES).shape == (48, 1272, 3)
    assert (LINES.encoder.tokens - 1) * 8 == 1272
    with pytest.raises(WeightsInvalid, match="whole lines"):
        patches(square(line, LINES), LINES)


@pytest.mark.parametrize("config", [CONFIG, LINES], ids=["squares", "lines"])
def test_a_description_is_read_as_it_was_written(config: TrocrConfig, tmp_path: Path) -> None:
    vocabulary = Vocabulary((b"", b"a", b"\xc3"))
    write_description(tmp_path, config, vocabulary, "0" * 64)
    assert read_description(tmp_path) == (config, vocabulary)


@given(st.integers(4, 40), st.integers(1, 3000))
def test_parts_of_a_line_are_the_line(height: int, width: int) -> None:
    line = np.random.default_rng(width).integers(0, 256, (height, width)).astype(np.uint8)
    cut = parts(line)
    assert (np.concatenate([part.picture for part in cut], 1) == line).all()
    assert all(part.picture.shape[1] <= 2 * MAX_ASPECT * height for part in cut)


def test_a_long_line_is_cut_between_words_and_a_short_one_is_not() -> None:
    line = np.full((20, 900), 250, np.uint8)
    line[8:12] = 20
    line[:, 480:500] = 250  # the one gap between words
    line[:, 520:523] = 250  # one between letters
    first, second = parts(line)
    assert second.whole and first.picture.shape[1] in range(480, 501)
    assert len(parts(line[:, :400])) == 1


def test_a_cut_through_a_word_is_no_new_word() -> None:
    line = np.full((20, 900), 250, np.uint8)
    line[8:12] = 20
    assert [part.whole for part in parts(line)] == [True, False]


def test_a_text_that_repeats_itself_is_found_and_reported_once() -> None:
    assert not is_loop([7] * 7) and is_loop([7] * 8)
    assert is_loop([1, 5, 6, 5, 6, 5, 6, 5, 6]) and not is_loop([1, 5, 6, 5, 6, 5, 6, 6, 5])
    message = without_loop(Hypothesis([1, 5, 6, 5, 6, 5, 6, 5, 6], [-0.1] * 9))
    assert message.tokens == [1, 5, 6] and message.ended
    assert (
        without_loop(Hypothesis([7] * 8, [-0.1] * 8, ended=True)).tokens == [7] * 8
    )  # it stopped of its own accord


def test_a_row_of_dots_is_no_loop_where_a_token_is_a_letter() -> None:
    letters = Vocabulary((b"", b".", b" ", b"a", b"\xc3\xa9"))
    assert letters.rows() == {1, 2}
    assert not is_loop([3] + [1] * 20, letters.rows()) and not is_loop([1, 2] * 9, letters.rows())
    assert is_loop([1] * 20) and is_loop([3] * 8, letters.rows()) and is_loop([1, 3] * 4, letters.rows())
    assert without_loop(Hypothesis([3] + [1] * 20), letters.rows()).tokens == [3] + [1] * 20
    assert Vocabulary((b"", b".", b"..")).rows() == frozenset()


def test_a_character_is_as_probable_as_the_least_probable_of_its_tokens() -> None:
    vocabulary = Vocabulary((b"", b" ab", b"\xc3", b"\xa9", b"c "))
    tokens, scores = [1, 2, 3, 4], [math.log(share) for share in (0.9, 0.8, 0.6, 0.7)]
    assert vocabulary.text(tokens) == "abéc"
    assert vocabulary.confidences(tokens, [*scores, -9.0]) == pytest.approx((0.9, 0.9, 0.6, 0.7))
    assert vocabulary.confidences([], []) == ()
    assert vocabulary.confidences([1, 2], scores) == ()  # a half of a character


def test_wide_lines_may_say_more_than_narrow_ones() -> None:
    assert most_tokens((40, 40), 128) == 12 and most_tokens((40, 800), 128) == 88
    assert most_tokens((40, 8000), 128) == 128


def test_confidence_is_the_mean_probability_of_tokens() -> None:
    assert confidence([]) == 0.0
    assert confidence([np.log(0.9), np.log(0.4)]) == pytest.approx(0.6)


def test_a_pointer_to_weights_an_empty_file_and_none_are_reported(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match=r"neither model\.safetensors nor pytorch_model\.bin"):
        weights_file(tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n")
    with pytest.raises(WeightsInvalid, match="git lfs pull"):
        weights_file(tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(WeightsInvalid, match="is empty"):
        weights_file(tmp_path)


def test_a_checkpoint_that_is_not_here_shows_how_to_get_it(tmp_path: Path) -> None:
    for name in TROCR_CHECKPOINTS:
        with pytest.raises(WeightsMissing, match=f"inkstream models fetch {name}"):
            fetch_checkpoint(name, tmp_path, offline=True)
    with pytest.raises(WeightsMissing, match="is no folder"):
        find_checkpoint("trocr-huge", tmp_path)
    assert find_checkpoint(str(tmp_path), tmp_path) == tmp_path


def test_a_file_that_changed_since_it_was_fetched_is_refused(tmp_path: Path) -> None:
    sums = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a  config.json\n"
    (tmp_path / "sha256.txt").write_text(sums, encoding="ascii")
    (tmp_path / "config.json").write_text("{}", encoding="ascii")
    assert verify_checkpoint(tmp_path) == tmp_path
    (tmp_path / "config.json").write_text("{ }", encoding="ascii")
    with pytest.raises(WeightsInvalid, match="fetch it again"):
        verify_checkpoint(tmp_path)
