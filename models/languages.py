"""Names of languages into Tesseract's codes: ISO 639-1 and 639-2, English names and some of the languages' own."""

from __future__ import annotations

import re
from difflib import get_close_matches

# Tesseract's code (mostly ISO 639-2/T), then the other names of the language.
_LANGUAGES = """
afr af afrikaans
amh am amharic
ara ar arabic
asm as assamese
aze az azerbaijani
aze_cyrl
bel be belarusian
ben bn bengali bangla
bod bo tib tibetan
bos bs bosnian
bre br breton
bul bg bulgarian
cat ca catalan valencian català
ceb cebuano
ces cs cze czech čeština
chi_sim zh chi zho chinese zh_hans zh_cn simplified_chinese
chi_tra zh_hant zh_tw zh_hk traditional_chinese
chr cherokee
cos co corsican
cym cy wel welsh cymraeg
dan da danish dansk
deu de ger german deutsch
deu_latf
div dv divehi
dzo dz dzongkha
ell el gre greek ελληνικά
eng en english
enm middle_english
epo eo esperanto
est et estonian eesti
eus eu baq basque euskara
fao fo faroese
fas fa per persian farsi
fil tl tgl filipino tagalog
fin fi finnish suomi
fra fr fre french français francais
frm middle_french
frk fraktur
fry fy western_frisian frisian
gla gd scottish_gaelic
gle ga irish gaeilge
glg gl galician galego
grc ancient_greek
guj gu gujarati
hat ht haitian haitian_creole
heb he hebrew
hin hi hindi
hrv hr croatian hrvatski
hun hu hungarian magyar
hye hy arm armenian
iku iu inuktitut
ind id indonesian
isl is ice icelandic íslenska
ita it italian italiano
ita_old
jav jv javanese
jpn ja japanese
kan kn kannada
kat ka geo georgian
kat_old
kaz kk kazakh
khm km khmer
kir ky kyrgyz
kmr ku kurdish kurmanji
kor ko korean
lao lo lao
lat la latin
lav lv latvian latviešu
lit lt lithuanian lietuvių
ltz lb luxembourgish
mal ml malayalam
mar mr marathi
mkd mk mac macedonian
mlt mt maltese
mon mn mongolian
mri mi mao maori
msa ms may malay
mya my bur burmese
nep ne nepali
nld nl dut dutch flemish nederlands
nor no nb nob nn nno norwegian norsk
oci oc occitan
ori or oriya odia
pan pa punjabi panjabi
pol pl polish polski
por pt portuguese português portugues
pus ps pashto
que qu quechua
ron ro rum mol romanian moldavian română
rus ru russian русский
san sa sanskrit
sin si sinhala
slk sk slo slovak slovenčina
slv sl slovenian slovene
snd sd sindhi
spa es spanish castilian español espanol
spa_old
sqi sq alb albanian
srp sr serbian
srp_latn
sun su sundanese
swa sw swahili
swe sv swedish svenska
syr syriac
tam ta tamil
tat tt tatar
tel te telugu
tgk tg tajik
tha th thai
tir ti tigrinya
ton to tongan
tur tr turkish türkçe
uig ug uyghur
ukr uk ukrainian українська
urd ur urdu
uzb uz uzbek
uzb_cyrl
vie vi vietnamese
yid yi yiddish
yor yo yoruba
"""
_NAMES = {name: line.split()[0] for line in _LANGUAGES.split("\n") if line for name in line.split()}
CODES = tuple(sorted(set(_NAMES.values())))
AUTOMATIC = "auto"
"""Names no language: that of each page is found."""
# Tesseract's names of scripts other than Latin, and the languages that are written in them.
_OTHER_SCRIPTS = {
    "Arabic": "ara fas pus snd uig urd", "Armenian": "hye", "Bengali": "asm ben", "Canadian_Aboriginal": "iku",
    "Cherokee": "chr", "Cyrillic": "rus ukr bul bel srp mkd kaz kir mon tat tgk aze_cyrl uzb_cyrl",
    "Devanagari": "hin mar nep san", "Ethiopic": "amh tir", "Georgian": "kat kat_old", "Greek": "ell grc",
    "Gujarati": "guj", "Gurmukhi": "pan", "Han": "chi_sim chi_tra chi_sim_vert chi_tra_vert jpn jpn_vert",
    "Hangul": "kor", "Hebrew": "heb yid", "Japanese": "jpn jpn_vert", "Kannada": "kan", "Khmer": "khm",
    "Korean": "kor", "Lao": "lao", "Malayalam": "mal", "Myanmar": "mya", "Oriya": "ori", "Sinhala": "sin",
    "Syriac": "syr", "Tamil": "tam", "Telugu": "tel", "Thaana": "div", "Thai": "tha", "Tibetan": "bod dzo",
}  # fmt: skip
OTHER_SCRIPTS = {script: tuple(codes.split()) for script, codes in _OTHER_SCRIPTS.items()}
_NOT_LATIN = frozenset(code for codes in OTHER_SCRIPTS.values() for code in codes)
_READ_BY_PPOCR = frozenset(OTHER_SCRIPTS["Han"])
_UNKNOWN_TO_PPOCR = _NOT_LATIN - _READ_BY_PPOCR  # of Greek, it lacks all letters with accents
_BETWEEN = re.compile(r"\s*[+,;]\s*")
_REGION = re.compile(r"([a-z]{2,3})_([a-z]{2}|[0-9]{3})")  # de_at, es_419


def tesseract_codes(hints: str) -> str:
    """Return language hints as Tesseract's codes joined by +, each once: `de, English` is `deu+eng`.

    What is no known hint stays as it is: the data may be somebody's own. `auto` stands first.
    """
    codes = dict.fromkeys(map(_code, _BETWEEN.split(hints)))
    return "+".join(sorted(codes, key=lambda code: code != AUTOMATIC))


def _code(hint: str) -> str:
    name = re.sub(r"[\s-]+", "_", hint.casefold())
    if name == AUTOMATIC:
        return AUTOMATIC
    if name in _NAMES:
        return _NAMES[name]
    region = _REGION.fullmatch(name)
    return _NAMES.get(region[1], hint) if region else hint


def is_latin(languages: str) -> bool:
    """Return whether languages, Tesseract's codes joined by +, are all written in Latin letters."""
    return _NOT_LATIN.isdisjoint(languages.split("+"))


def is_read_by_ppocr(languages: str) -> bool:
    """Return whether PP-OCR knows the letters of all languages: Latin, Chinese and Japanese ones."""
    return not _UNKNOWN_TO_PPOCR.intersection(languages.split("+"))


def is_known(code: str) -> bool:
    """Return whether Tesseract's own data has that language."""
    return code in CODES or code.startswith("script/")


def like(hint: str) -> str | None:
    """Return the language that a misspelt hint probably means, as `german (deu)`; None where there is none."""
    found = get_close_matches(hint.casefold(), _NAMES, n=1, cutoff=0.7)
    return f"{found[0]} ({_NAMES[found[0]]})" if found else None
