"""Image files through Pillow: every mode becomes 8-bit grey or RGB on white, upright by its EXIF tag."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageFile, TiffImagePlugin, UnidentifiedImageError

from models.arrays import ImageU8
from models.document import PageImage
from models.documents.text_layer import TextLayer
from models.errors import CorruptFile, PageTooLarge

# What Pillow's decoders raise for a file that is at fault.
FAULTS = (
    UnidentifiedImageError, OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError,
    OverflowError, ZeroDivisionError, AttributeError, RuntimeError, struct.error,
)  # fmt: skip

_TRUSTED_DPI = range(150, 1201)  # 72 and 96 are what programs write that do not know
_A4_LONG_SIDE_INCHES = 11.69  # a page is taken to be A4 where its file has no resolution that is trusted
_MIN_GUESSED_DPI, _MAX_GUESSED_DPI = 72, 600
_MULTI_PAGE = {"TIFF"}  # the frames of an animated GIF, WebP or PNG are not pages: the first is read
_WHITE_LEVELS = (1.0, 255.0, 4095.0, 65535.0)  # of 1, 8, 12 and 16 bits
_BAND_PIXELS = 4_000_000  # converted at a time
_WHITE_IS_ZERO = 0
_NEW_SUBFILE_TYPE = 254  # a TIFF's tag
_REDUCED_OR_MASK = 0b101  # its bits: a smaller copy of another page, or its transparency
# Grey level of letters on transparency, at its darkest percentile, above which they were drawn for dark paper.
_MIN_LIGHT_LEVEL, _DARKEST_PERCENTILE = 140, 5
_MIN_OPAQUE_LEVEL = 128  # of alpha
_MIN_TRANSPARENT_SHARE = 0.3  # of a picture that has no paper of its own
_TRANSPOSES: dict[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip


class ImageDocument:
    """One open picture file; every frame of a TIFF is a page, but for thumbnails and masks."""

    def __init__(self, path: Path) -> None:
        """Open a picture.

        Raises:
            CorruptFile: Pillow cannot open it.
        """
        self.losses: tuple[str, ...] = ()  # a picture that is not whole is an error
        self.warnings: tuple[str, ...] = ()
        self.password: str | None = None
        Image.MAX_IMAGE_PIXELS = None  # our own limit, in `image`, has a typed error
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about metadata, which may be as wrong as it likes
                self._image = Image.open(path)
                self._frames = _page_frames(self._image)
        except UnidentifiedImageError as error:  # its message has the name in the cache, not the user's
            raise CorruptFile(
                "this picture cannot be opened: its header is damaged, or it is cut off; send it again"
            ) from error
        except FAULTS as error:
            raise CorruptFile(
                f"this picture cannot be opened: {error}; open it in a viewer and save it again"
            ) from error

    @property
    def page_count(self) -> int:
        return len(self._frames)

    def text_layer(
        self, pagenum: int, dpi: int, *, annotations: bool = True, words: bool = False
    ) -> TextLayer | None:
        """Return None: a picture has no text of its own."""
        return None

    def image(self, pagenum: int, dpi: int, max_megapixels: float, *, grey: bool) -> PageImage:
        """Return a page as it was delivered, at its own resolution; `dpi` does not matter to a picture.

        Raises:
            PageTooLarge: It has more megapixels than allowed.
            CorruptFile: It cannot be decoded, or has no such page.
        """
        if not 0 <= pagenum < len(self._frames):
            raise CorruptFile(f"there is no page {pagenum}: the file has {len(self._frames)}, numbered from 0")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._image.seek(self._frames[pagenum])
                _check_size(*self._image.size, max_megapixels)
                pixels = _pixels(_upright(self._image), grey=grey)
        except Image.DecompressionBombError as error:
            raise PageTooLarge(
                f"this picture unpacks to more than is allowed: {error}; open it in a viewer and save it again"
            ) from error
        except FAULTS as error:
            raise CorruptFile(
                f"page {pagenum} cannot be decoded: {error}; open it in a viewer and save it again"
            ) from error
        return PageImage(pixels, _dpi(self._image))

    def close(self) -> None:
        self._image.close()


def _check_size(width: int, height: int, max_megapixels: float) -> None:
    if width < 1 or height < 1:
        raise CorruptFile(f"the picture has no pixels: {width} × {height}")
    if width * height > max_megapixels * 1e6:
        raise PageTooLarge(
            f"the picture has {width} × {height} pixels, more than the {max_megapixels:g} megapixels allowed; "
            "raise max_megapixels to read it"
        )


def _page_frames(image: Image.Image) -> list[int]:
    """Return the numbers of the frames that are pages."""
    if image.format not in _MULTI_PAGE:
        return [0]
    count = int(getattr(image, "n_frames", 1))
    pages = []
    for frame in range(count) if count > 1 else ():
        image.seek(frame)
        if not int(getattr(image, "tag_v2", {}).get(_NEW_SUBFILE_TYPE, 0)) & _REDUCED_OR_MASK:
            pages.append(frame)
    return pages or list(range(count))


def _is_for_dark_paper(image: Image.Image) -> bool:
    """Return whether an RGBA picture is light letters on transparency, as screens in dark colours have them."""
    opaque = np.asarray(image.getchannel("A")) >= _MIN_OPAQUE_LEVEL
    if not opaque.any() or 1 - opaque.mean() < _MIN_TRANSPARENT_SHARE:
        return False
    shades = np.asarray(image.convert("RGB").convert("L"))[opaque]
    return bool(np.percentile(shades, _DARKEST_PERCENTILE) > _MIN_LIGHT_LEVEL)


def _pixels(image: Image.Image, *, grey: bool) -> ImageU8:
    mode = "L" if grey else "RGB"
    if image.mode == "F" or image.mode.startswith("I"):
        image = _to_eight_bits(image)
    if image.mode == "LAB":
        image = image.getchannel("L")  # lightness: all that text is made of, and Pillow converts no LAB itself
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new(mode, image.size, "black" if _is_for_dark_paper(image) else "white")
        paper.paste(image.convert(mode), mask=image.getchannel("A"))
        image = paper
    return np.asarray(image.convert(mode))


def _upright(image: Image.Image) -> Image.Image:
    """Return a picture upright by its EXIF orientation; as it is where no orientation can be read.

    Not by ImageOps.exif_transpose: it writes all of the EXIF anew, and fails on tags that do not matter.
    """
    image.load()  # a fault in the pixels is raised here, outside of what is forgiven
    try:
        transpose = _TRANSPOSES.get(image.getexif().get(ExifTags.Base.Orientation))
    except FAULTS:
        return image
    return image if transpose is None else image.transpose(transpose)


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Return a picture of 12- to 32-bit integers or floats as 8-bit grey.

    White is the smallest full range that holds all values: 12-bit scans come in 16 bits, and floats are written as
    0 to 1 or as 0 to 255. Worked on in bands, for a picture of 80 megapixels takes 320 MB as it is.
    """
    values = np.asarray(image)
    tags = getattr(image, "tag_v2", {})
    if values.dtype == np.int32 and tags.get(TiffImagePlugin.SAMPLEFORMAT, (1,))[0] == 1:
        values = values.view(np.uint32)  # Pillow has no such mode: from 2³¹ on, they would read as negative
    bands = np.array_split(np.arange(len(values)), max(1, values.size // _BAND_PIXELS))
    rows = [slice(band[0], band[-1] + 1) for band in bands if band.size]
    highest = max(float(values[band].max(initial=0, where=np.isfinite(values[band]))) for band in rows)
    white = next((limit for limit in _WHITE_LEVELS if highest <= limit), highest)
    pixels = np.empty(values.shape, np.uint8)
    for band in rows:
        shades = np.nan_to_num(values[band].astype(np.float32), copy=False, posinf=white)
        pixels[band] = shades.clip(0, white) * (255.0 / white)
    if tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == _WHITE_IS_ZERO:
        np.subtract(255, pixels, out=pixels)  # Pillow inverts only 1- and 8-bit pictures itself
    return Image.fromarray(pixels)


def _dpi(image: Image.Image) -> int:
    """Return the resolution that the file states where it can be believed, else that of an A4 page."""
    stated = image.info.get("dpi")
    if isinstance(stated, tuple):
        try:
            found = round(float(stated[0]))
        except (ValueError, OverflowError, ZeroDivisionError):
            found = 0
        if found in _TRUSTED_DPI:
            return found
    guessed = max(image.size) / _A4_LONG_SIDE_INCHES
    return int(min(max(guessed, _MIN_GUESSED_DPI), _MAX_GUESSED_DPI))
