"""Makes the sample documents and their ground truth. Every text and picture is the project's own.

    python deploy/samples/make_samples.py [--font HANDWRITING.ttf]

The handwriting font is dkg.ttf of Debian's package fonts-dkg-handwriting (SIL Open Font License 1.1).
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import cv2
import numpy as np
import pymupdf
from PIL import Image, ImageDraw, ImageFont

from models.arrays import F64, ImageU8

HERE = Path(__file__).parent
DOCUMENTS, TRUTH = HERE / "documents", HERE / "truth"
HANDWRITING = Path("/usr/share/fonts/truetype/fifthhorseman/dkg.ttf")


REPORT = (
    (
        "Harbour Office, Annual Report",
        "The harbour office moved 41,300 documents last year. Most of them were",
        "bills of lading, customs forms and letters; one in nine was written by hand.",
        "Until spring every page was typed in twice, by two clerks who did not see",
        "each other's work, and compared by a third.",
        "Since May the pages are read by machine as they arrive. The clerks now look",
        "only at what the machine is not sure of, which is about one page in forty.",
    ),
    (
        "What changed",
        "A bill of lading used to take four days from the quay to the ledger. It now",
        "takes eleven minutes, nine of which are spent walking to the scanner.",
        "Complaints about wrong amounts fell from 212 to 19. Of these, 14 were due to",
        "the forms themselves: carbon copies that nobody could have read.",
        "Month      Pages     Errors",
        "April      3,120     31",
        "May        3,406     12",
        "June       3,877     4",
    ),
    (
        "What remains",
        "Signatures are still compared by eye, and stamps over text still hide it.",
        "The next step is to read the harbour master's own log, which goes back to",
        "1911 and has been kept in nine different hands.",
        "Signed on 14 March by the head of records.",
    ),
)
LEASE = (
    (
        "RESIDENTIAL LEASE AGREEMENT",
        "This agreement is made on 3 February between Alma Verhoeven, the landlord,",
        "and Tobias Renner, the tenant, for the flat on the second floor of",
        "18 Mill Lane, together with the cellar room marked 2B.",
        "1. Term. The lease begins on 1 March and runs for twenty-four months.",
        "2. Rent. The rent is 840.00 a month, due on the third working day.",
        "3. Deposit. The tenant pays a deposit of 1,680.00 before moving in.",
        "4. Heating. Heating and water are shared by floor area, once a year.",
    ),
    (
        "5. Repairs. Repairs under 75.00 are the tenant's, all others the landlord's.",
        "6. Pets. One cat may be kept. It is understood that she is called Minka.",
        "7. Noise. The workshop below may run its saw between nine and five.",
        "8. Keys. Three keys are handed over: house door, flat, and letter box.",
        "9. Visits. The landlord may inspect the flat with two days' notice.",
    ),
    (
        "10. Notice. Either side may end the lease with three months' notice.",
        "11. Return. The flat is returned swept, with its walls white.",
        "12. Changes. Changes to this agreement must be made in writing.",
        "Done in two copies, of which each side has received one.",
        "Landlord: A. Verhoeven",
        "Tenant: T. Renner",
    ),
)
FAX = (
    (
        "FAX MESSAGE",
        "To: Northern Paper Supply, order desk",
        "From: Harbour Office, records",
        "Please deliver 60 reams of A4 paper, 80 g, before the end of the month.",
        "Our order number is 7741-K.",
    ),
    (
        "ORDER LIST",
        "60 reams of paper, A4, white",
        "12 boxes of staples, size 24/6",
        "4 toner cartridges for the scanner room",
        "1 guillotine blade, 48 cm",
    ),
    (
        "DELIVERY",
        "Deliver to the side entrance on Quay Street, weekdays from 7 to 15 hours.",
        "The lift carries 300 kg. Ask for Ms Okafor.",
    ),
)
RECEIPT = (
    "CORNER BAKERY",
    "14 Quay Street",
    "2 rye bread        6.40",
    "1 apple cake       3.20",
    "3 coffee           7.50",
    "TOTAL             17.10",
    "Thank you for your visit",
)
NOTE = (
    "Dear Ms Okafor,",
    "the paper came on Tuesday, sixty reams as",
    "ordered. Two boxes were wet, I put them by",
    "the stove and wrote to the supplier.",
    "Please call me before noon.",
    "Yours, Jonas",
)


def main() -> None:
    """Write every sample and its truth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--font", type=Path, default=HANDWRITING)
    font = parser.parse_args().font
    for folder in (DOCUMENTS, TRUTH):
        folder.mkdir(exist_ok=True)
    make_report()
    make_lease()
    make_receipt()
    make_fax()
    make_note(font)
    (DOCUMENTS / "broken.pdf").write_bytes((DOCUMENTS / "report.pdf").read_bytes()[:220])


def make_report() -> None:
    """A born-digital PDF with its text in it."""
    document = _typeset(REPORT)
    document.set_metadata({"title": REPORT[0][0], "producer": "inkstream samples"})
    (DOCUMENTS / "report.pdf").write_bytes(document.tobytes(garbage=4, deflate=True, no_new_id=True))
    _truth("report", REPORT)


def make_lease() -> None:
    """A scanned PDF: pictures only, a little askew, on grey paper."""
    scan = pymupdf.open()
    for number, picture in enumerate(_pictures(LEASE, dpi=200)):
        aged = _scanned(picture, np.random.default_rng(number), angle=(0.6, -0.4, 0.3)[number])
        page = scan.new_page(width=595, height=842)
        page.insert_image(page.rect, stream=_jpeg(aged, quality=55))
    (DOCUMENTS / "lease-scanned.pdf").write_bytes(scan.tobytes(garbage=4, deflate=True, no_new_id=True))
    _truth("lease-scanned", LEASE)


def make_fax() -> None:
    """A multi-page TIFF as a fax server writes it: black and white, group 4."""
    pages = []
    for number, picture in enumerate(_pictures(FAX, dpi=200)):
        random = np.random.default_rng(100 + number)
        noisy = picture.astype(np.int16) + random.normal(0, 38, picture.shape).astype(np.int16)
        pages.append(Image.fromarray((noisy > 140).astype(np.uint8) * 255).convert("1"))
    pages[0].save(
        DOCUMENTS / "fax.tiff", save_all=True, append_images=pages[1:], compression="group4", dpi=(200, 200)
    )
    _truth("fax", FAX)


def make_receipt() -> None:
    """A photograph of a receipt on a table: in perspective, half in shadow, turned by its EXIF tag."""
    paper = _receipt()
    height, width = paper.shape
    table = _table(1500, 1150)
    corners = np.array([(210, 130), (905, 190), (960, 1390), (150, 1330)], np.float32)
    flat = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    warp = cv2.getPerspectiveTransform(flat, corners)
    laid = cv2.warpPerspective(paper, warp, (1150, 1500), flags=cv2.INTER_CUBIC)
    mask = cv2.GaussianBlur(cv2.warpPerspective(np.full_like(paper, 255), warp, (1150, 1500)), (5, 5), 0)[..., None]
    warm = np.stack([laid, laid * 0.98, laid * 0.93], axis=-1)
    photo = table * (1 - mask / 255) + warm * (mask / 255)
    light = np.linspace(1.0, 0.62, 1150)[None, :, None] * np.linspace(1.0, 0.86, 1500)[:, None, None]
    noise = np.random.default_rng(7).normal(0, 4, photo.shape)
    upright = Image.fromarray(np.clip(photo * light + noise, 0, 255).astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90° clockwise to see it upright: how phones store portraits
    upright.rotate(90, expand=True).save(DOCUMENTS / "receipt-photo.jpg", quality=82, exif=exif)
    _truth("receipt-photo", (RECEIPT,))


def make_note(font: Path) -> None:
    """A note written by hand on ruled paper, each word a little different."""
    random = np.random.default_rng(11)
    page = Image.new("L", (1500, 1050), 250)
    draw = ImageDraw.Draw(page)
    for y in range(150, 1050, 110):
        draw.line([(0, y + 12), (1500, y + 12)], fill=214, width=2)
    for number, line in enumerate(NOTE):
        x, y = 110.0 + random.uniform(-14, 14), 70 + 110 * number
        for word in line.split():
            x += _write_word(page, word, font, (x, y), random) + random.uniform(14, 24)
    grain = random.normal(0, 3.5, (1050, 1500)) + cv2.resize(random.normal(0, 2.5, (27, 38)), (1500, 1050))
    ink = cv2.GaussianBlur(np.asarray(page, np.float32), (3, 3), 0.7) + grain
    Image.fromarray(np.clip(ink, 0, 255).astype(np.uint8)).save(DOCUMENTS / "note-handwritten.png", optimize=True)
    _truth("note-handwritten", (NOTE,))


def _write_word(
    page: Image.Image, word: str, font: Path, at: tuple[float, float], random: np.random.Generator
) -> float:
    """Write one word glyph by glyph and return its width in pixels."""
    x = at[0]
    slant, size = random.uniform(-2.2, 2.2), int(random.uniform(67, 75))
    for letter in word:
        face = ImageFont.truetype(str(font), int(size * random.uniform(0.95, 1.05)))
        stamp = Image.new("L", (160, 170), 0)
        ImageDraw.Draw(stamp).text((40, 130), letter, font=face, fill=255, anchor="ls")
        stamp = stamp.rotate(slant + random.uniform(-2.5, 2.5), resample=Image.Resampling.BICUBIC, center=(40, 130))
        ink = int(random.uniform(38, 66))
        where = (int(x) - 40, int(at[1] + 80 + random.uniform(-2.5, 2.5)) - 130)
        page.paste(Image.new("L", stamp.size, ink), where, stamp)
        x += face.getlength(letter) * random.uniform(0.96, 1.02)
    return x - at[0]


def _typeset(pages: tuple[tuple[str, ...], ...]) -> pymupdf.Document:
    document = pymupdf.open()
    for lines in pages:
        page = document.new_page(width=595, height=842)
        for number, line in enumerate(lines):
            heading = number == 0 and len(line) < 40
            columns = [part for part in line.split("  ") if part.strip()]
            name, size = ("hebo", 17) if heading else ("helv" if document.page_count % 2 else "tiro", 12)
            for column, part in enumerate(columns):
                page.insert_text((64 + 110 * column, 96 + 27 * number), part.strip(), fontname=name, fontsize=size)
    return document


def _pictures(pages: tuple[tuple[str, ...], ...], dpi: int) -> list[ImageU8]:
    pictures = []
    for page in _typeset(pages):
        pixmap = page.get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY)
        pictures.append(np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.stride).copy())
    return pictures


def _scanned(picture: ImageU8, random: np.random.Generator, angle: float) -> ImageU8:
    """Return a page as a tired scanner sees it."""
    height, width = picture.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    askew = cv2.warpAffine(picture, turn, (width, height), flags=cv2.INTER_CUBIC, borderValue=255)
    soft = cv2.GaussianBlur(askew, (3, 3), 0.8).astype(np.float32)
    light = cv2.resize(random.uniform(0.86, 1.0, (3, 3)), (width, height), interpolation=cv2.INTER_CUBIC)
    specks = np.where(random.random(picture.shape) < 0.0004, -120.0, 0.0)
    dust = cv2.GaussianBlur(specks, (3, 3), 0.6)
    return np.clip(soft * 0.95 * light + random.normal(0, 6, picture.shape) + dust, 0, 255).astype(np.uint8)


def _receipt() -> ImageU8:
    document = pymupdf.open()
    page = document.new_page(width=230, height=400)
    for number, line in enumerate(RECEIPT):
        page.insert_text((18, 50 + 38 * number), line, fontname="cour", fontsize=13)
    pixmap = page.get_pixmap(dpi=260, colorspace=pymupdf.csGRAY)
    return np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.stride)[:, : pixmap.width].copy()


def _table(height: int, width: int) -> F64:
    """Return a wooden table seen from above."""
    random = np.random.default_rng(3)
    grain = cv2.resize(random.normal(0, 1, (height // 60, width)), (width, height), interpolation=cv2.INTER_CUBIC)
    wood = 92 + 9 * cv2.GaussianBlur(grain, (0, 0), 1.5)
    return np.stack([wood * 1.12, wood * 0.82, wood * 0.58], axis=-1)


def _jpeg(picture: ImageU8, quality: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _truth(name: str, pages: tuple[tuple[str, ...], ...]) -> None:
    text = "\f".join("\n".join(" ".join(line.split()) for line in lines) + "\n" for lines in pages)
    (TRUTH / f"{name}.gt.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
