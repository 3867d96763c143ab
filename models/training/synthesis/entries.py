"""Lines of receipts, invoices, forms and labels: codes, amounts and names, which are no language."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from models.training.synthesis.choices import one_of, weighted

_UPPER, _DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
_ALIKE = "0OD1lI|5S8B2Z6G"  # characters that are mistaken for each other
_CURRENCIES = ("$", "£", "€", "USD ", "EUR ", "GBP ", "CHF ", "RM ", "RM", "Rs. ", "kr ", "R$ ", "A$", "CAD ")
_HEADINGS = (
    "TOTAL", "SUBTOTAL", "Sub Total", "CASH", "CHANGE", "TAX", "VAT", "GST", "TVA", "MwSt.", "IVA", "Rounding",
    "Discount", "DISC", "Balance due", "Amount", "Amount due", "Paid", "Deposit", "Tip", "Service charge", "Net",
    "Gross", "Qty", "Price", "Item", "Items", "Description", "Unit price", "Total Incl. Tax", "Total excl. tax",
    "TOTAL DUE", "CARD", "VISA", "MASTERCARD", "DEBIT", "Approval code", "Terminal", "Cashier", "Table", "Guests",
    "Order", "Invoice No.", "INVOICE", "TAX INVOICE", "RECEIPT", "Receipt #", "Ref.", "Date", "Time", "Member",
    "Points", "Tel", "TEL.", "Fax", "Reg. No", "Tax ID", "ABN", "SIRET", "IBAN", "BIC", "Ship to", "Bill to",
    "Customer", "Account no.", "PO number", "Terms", "Due date", "Page", "Signature", "Name", "Address", "City",
    "ZIP", "Country", "Date of birth", "Sex", "Nationality", "Passport no.", "Weight", "Height", "Lot no.", "EXP",
    "Batch", "Serial no.", "Model", "SKU", "UPC", "Dept.", "Operator", "Store", "Register", "Trans.", "Thank you",
    "THANK YOU PLEASE COME AGAIN", "Goods sold are not returnable", "www", "No exchange without receipt",
)  # fmt: skip
_COMPANY_ENDINGS = (
    "Ltd", "Ltd.", "LTD", "Inc.", "INC", "LLC", "GmbH", "AG", "S.A.", "SARL", "B.V.", "Pty Ltd", "& Co.", "& Sons",
    "Sdn Bhd", "S.p.A.", "Oy", "AB", "Store", "Market", "Restaurant", "Hotel", "Pharmacy", "Trading", "Enterprise",
)  # fmt: skip
_UNITS = ("kg", "g", "L", "ml", "pcs", "PCS", "EA", "x", "lb", "oz", "m", "cm", "mm", "%", "ctn", "set", "box")
_QUANTITY_MARKS = ("x", " x", " X ", "@", " @ ", "*")


class Entries:
    """Draws such lines from words of several languages."""

    def __init__(self, words: Sequence[str]) -> None:
        """Take the words that names and descriptions are made of: at least one."""
        self._words = words
        self._kinds: tuple[tuple[Callable[[np.random.Generator], str], float], ...] = (
            (self._words_in_a_row, 0.20), (self._item, 0.12), (self._labelled, 0.11), (_amount, 0.10),
            (_code, 0.09), (_date_or_time, 0.08), (self._company, 0.06),
            (self._address, 0.05), (_phone, 0.05), (_alike, 0.04),
            (self._web, 0.03), (_percentage, 0.03), (_rule, 0.02), (_account, 0.02),
        )  # fmt: skip

    def line(self, rng: np.random.Generator) -> str:
        """Return one line of at most 60 characters, sometimes of two entries."""
        text = self._entry(rng)
        if rng.random() < 0.15:
            text = f"{text} {self._entry(rng)}"
        return text[:60].strip()

    def _entry(self, rng: np.random.Generator) -> str:
        return weighted(rng, self._kinds)(rng)

    def _word(self, rng: np.random.Generator) -> str:
        word = one_of(rng, self._words)
        case = rng.random()
        if case < 0.35:
            return word.upper()
        return word.capitalize() if case < 0.6 else word

    def _words_in_a_row(self, rng: np.random.Generator) -> str:
        text = " ".join(self._word(rng) for _ in range(int(rng.integers(1, 6))))
        case = rng.random()
        if case < 0.3:
            text = text.upper()
        if rng.random() < 0.2:
            text += str(rng.choice(list(".,:;!?-)")))
        return f"({text})" if rng.random() < 0.04 else text

    def _item(self, rng: np.random.Generator) -> str:
        name = " ".join(self._word(rng) for _ in range(int(rng.integers(1, 4)))).upper()
        parts = [str(int(rng.integers(1, 30))), name] if rng.random() < 0.4 else [name]
        if rng.random() < 0.3:
            parts.append(f"{_number(rng, 4)}{rng.choice(_UNITS)}")
        if rng.random() < 0.4:
            parts.append(f"{int(rng.integers(1, 13))}{rng.choice(_QUANTITY_MARKS)}{_price(rng)}")
        if rng.random() < 0.6:
            parts.append(_price(rng) + str(rng.choice(["", "", " S", " T", " A", " SR", " ZRL", "*", " F", "B"])))
        return " ".join(parts)

    def _labelled(self, rng: np.random.Generator) -> str:
        label = str(rng.choice(_HEADINGS))
        label = label.upper() if rng.random() < 0.3 else label
        values = (_amount, _code, _date_or_time, _percentage)
        value = one_of(rng, values)(rng) if rng.random() < 0.67 else ""
        return f"{label}{rng.choice([':', ' :', '', ' ', '.', ' -', ' ='])} {value}".strip()

    def _company(self, rng: np.random.Generator) -> str:
        name = " ".join(self._word(rng) for _ in range(int(rng.integers(1, 3)))).title()
        text = f"{name} {rng.choice(_COMPANY_ENDINGS)}"
        if rng.random() < 0.3:
            text += f" ({_number(rng, 8)}-{one_of(rng, _UPPER)})"
        return text.upper() if rng.random() < 0.5 else text

    def _address(self, rng: np.random.Generator) -> str:
        streets = " ".join(self._word(rng).capitalize() for _ in range(int(rng.integers(1, 3))))
        number, code = int(rng.integers(1, 400)), f"{int(rng.integers(0, 100000)):05}"
        text = one_of(rng, (
            f"{number} {streets}", f"No. {number}, {streets}", f"NO.{number}&{number + 2},{streets}",
            f"{code} {streets}", f"{streets}, {code}", f"{streets} {number}/{number % 7 + 1}, {streets}",
            f"Lot {number}-{one_of(rng, _UPPER)}, {streets}", f"{code} {streets}, {streets}", f"P.O. Box {number}",
        ))  # fmt: skip
        return text.upper() if rng.random() < 0.5 else text

    def _web(self, rng: np.random.Generator) -> str:
        name = self._word(rng).lower()
        ends = (".com", ".org", ".net", ".co.uk", ".de", ".fr", ".com.my", ".io")
        return one_of(rng, (f"www.{name}{rng.choice(ends)}", f"{self._word(rng).lower()}@{name}{rng.choice(ends)}"))


def _number(rng: np.random.Generator, digits: int) -> str:
    return str(int(10 ** rng.uniform(0, digits)))


def _price(rng: np.random.Generator) -> str:
    value = float(np.exp(rng.uniform(-1, 8)))
    point = "," if rng.random() < 0.15 else "."
    return f"{value:.2f}".replace(".", point)


def _amount(rng: np.random.Generator) -> str:
    value = float(np.exp(rng.uniform(-1, 13)))
    text = one_of(rng, (f"{value:,.2f}", f"{value:.2f}", f"{value:.2f}", f"{value:,.0f}"))
    if rng.random() < 0.12:  # as in German, or in French
        text = text.translate(str.maketrans(",.", ".,")) if rng.random() < 0.6 else text.replace(",", " ")
    sign = str(rng.choice(["", "", "", "", "-", "+", "("]))
    text = f"{rng.choice(_CURRENCIES) if rng.random() < 0.4 else ''}{text}"
    return f"({text})" if sign == "(" else sign + text


def _code(rng: np.random.Generator) -> str:
    parts = []
    for _ in range(int(rng.integers(1, 4))):
        letters = one_of(rng, (_DIGITS, _DIGITS, _UPPER, _UPPER + _DIGITS, _UPPER + _DIGITS + _UPPER.lower()))
        parts.append("".join(one_of(rng, letters) for _ in range(int(rng.integers(1, 8)))))
    text = str(rng.choice(["-", "-", "/", " ", "", ".", "_", ":"])).join(parts)
    return f"{rng.choice(['#', 'No.', '*', 'Ref:', 'ID '])}{text}" if rng.random() < 0.15 else text


def _alike(rng: np.random.Generator) -> str:
    return "".join(one_of(rng, _ALIKE) for _ in range(int(rng.integers(3, 11))))


def _date_or_time(rng: np.random.Generator) -> str:
    day, month, year = int(rng.integers(1, 32)), int(rng.integers(1, 13)), int(rng.integers(1950, 2031))
    hour, minute, second = int(rng.integers(0, 24)), int(rng.integers(0, 60)), int(rng.integers(0, 60))
    names = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
    date = one_of(rng, (
        f"{day:02}/{month:02}/{year}", f"{day:02}-{month:02}-{year}", f"{day}/{month}/{year % 100:02}",
        f"{day:02}.{month:02}.{year}", f"{year}-{month:02}-{day:02}", f"{day:02} {names[month - 1]} {year}",
        f"{day:02}-{names[month - 1].title()}-{year}", f"{year}{month:02}{day:02}",
    ))  # fmt: skip
    time = one_of(rng, (
        f"{hour:02}:{minute:02}", f"{hour:02}:{minute:02}:{second:02}", f"{hour % 12 or 12}:{minute:02} PM",
        f"{hour % 12 or 12}:{minute:02}:{second:02} AM", f"{hour:02}h{minute:02}",
    ))  # fmt: skip
    return one_of(rng, (date, date, time, f"{date} {time}"))


def _phone(rng: np.random.Generator) -> str:
    digits = "".join(one_of(rng, _DIGITS) for _ in range(11))
    return one_of(rng, (
        f"{digits[:2]}-{digits[2:6]} {digits[6:10]}", f"+{digits[:2]} {digits[2:5]} {digits[5:]}",
        f"({digits[:3]}) {digits[3:6]}-{digits[6:10]}", f"0{digits[:2]}/{digits[2:9]}", f"{digits[:10]}",
        f"TEL: {digits[:2]}-{digits[2:10]}",
        f"0{digits[0]} {digits[1:3]} {digits[3:5]} {digits[5:7]} {digits[7:9]}",
    ))  # fmt: skip


def _percentage(rng: np.random.Generator) -> str:
    value = float(rng.uniform(0, 100))
    return one_of(rng, (f"{value:.0f}%", f"{value:.1f} %", f"{value:.2f}%", f"({value:.0f}%)", f"@{value:.0f}%"))


def _account(rng: np.random.Generator) -> str:
    digits = "".join(one_of(rng, _DIGITS) for _ in range(18))
    return one_of(rng, (
        f"{one_of(rng, _UPPER)}{one_of(rng, _UPPER)}{digits[:2]} {digits[2:6]} {digits[6:10]} {digits[10:14]}",
        f"**** **** **** {digits[:4]}", f"XXXXXXXXXXXX{digits[:4]}", f"{digits[:4]} {digits[4:8]} {digits[8:12]}",
        f"{digits[:13]}", f"{digits[:6]}-{one_of(rng, _UPPER)}",
    ))  # fmt: skip


def _rule(rng: np.random.Generator) -> str:
    return str(rng.choice(list("-=*_."))) * int(rng.integers(3, 25))
