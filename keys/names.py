# SPDX-License-Identifier: EUPL-1.2
"""Distinguished names: read as other software writes them, and those that would deceive a reader.

Source: RFC 5280, § 4.1.2.4; Unicode UTS 39, § 5.2, for the scripts that one word may mix.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from keys import der
from keys.der import DERError, Reader

COMMON_NAME: Final = bytes.fromhex("550403")  # 2.5.4.3
_OF_PEOPLE: Final = frozenset(  # surname, L, ST, O, OU, title, given name, as the common name
    bytes((0x55, 0x04, number)) for number in (3, 4, 7, 8, 10, 11, 12, 42)
)
MOST_ATTRIBUTES: Final = 64
LONGEST_VALUE: Final = 256  # characters

_ENCODINGS: Final = {
    0x0C: "utf-8",
    0x12: "ascii",  # NumericString
    0x13: "ascii",  # PrintableString
    0x14: "latin-1",  # T61String: no software that is still met writes the diacritics of T.61
    0x16: "ascii",  # IA5String
    0x1A: "ascii",  # VisibleString
    0x1C: "utf-32-be",  # UniversalString
    0x1E: "utf-16-be",  # BMPString
}
# Control, format (bidirectional, zero-width), surrogates, private use, line and paragraph separators.
_HIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# What is drawn as nothing though it is a letter, a mark or a symbol; the ends of planes are no characters.
_HIDDEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufffd-\uffff"
    "\U000e0100-\U000e01ef]"
)
_JOINERS: Final = "\u200c\u200d"  # honest between the letters of some scripts (RFC 5892, § A.1)
_VIRAMA: Final = 9  # its combining class

_WORD: Final = re.compile(r"[^\W\d_]+")
_COMMON: Final = frozenset({"MODIFIER", "MICRO", "FEMININE", "MASCULINE", "KATAKANA-HIRAGANA"})
_MIXTURES: Final = (  # those of one word, "highly restrictive"
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
)
_STYLED: Final = ("<font>", "<circle>", "<square>")  # 𝐌, Ⓜ, 🄼: a letter in disguise
_LIKE_LATIN: Final = frozenset(  # of the Cyrillic, the Greek and the Armenian alphabets
    "АВЕЅІЈКМНОРСТУХҮԌԚԜаеѕіјорсухүһӏԁԛԝѵΑΒΕΖΗΙΚΜΝΟΡΤΥΧαγικνορσυϲϳՍՏՕհոսցօզ"
)


@dataclass(frozen=True)
class Attribute:
    """One part of a name; `text` is empty where its value is none (a bit string, for instance)."""

    type: bytes  # the value of its object identifier
    text: str


def read_name(data: bytes) -> tuple[Attribute, ...]:
    """The attributes of a DER `Name`.

    Raises:
        DERError: it is not a name, or a text is not written in the encoding that it announces.
    """
    return tuple(_attributes(Reader(data).enter(der.SEQUENCE)))


def common_name(name: Iterable[Attribute]) -> str:
    return next((attribute.text for attribute in name if attribute.type == COMMON_NAME), "")


def is_oversized(name: tuple[Attribute, ...]) -> bool:
    longest = max((len(attribute.text) for attribute in name), default=0)
    return len(name) > MOST_ATTRIBUTES or longest > LONGEST_VALUE


def hides_characters(text: str) -> bool:
    """Whether some character of this text is not seen, or changes how the others are seen."""
    if _HIDDEN.search(text):
        return True
    return any(
        unicodedata.category(character) in _HIDDEN_CATEGORIES and not _joins(text, position)
        for position, character in enumerate(text)
    )


def imitates(name: Iterable[Attribute]) -> bool:
    """Whether letters of this name pass for others.

    A word mixes alphabets that no language mixes; or it could be read as Latin though it is not, beside Latin
    words; or letters are styled. A name all in one alphabet, whichever it is, imitates nothing.
    """
    values = [attribute.text for attribute in name if attribute.type in _OF_PEOPLE]
    words = [_WORD.findall(unicodedata.normalize("NFC", value)) for value in values]
    has_latin = any(_scripts(word) == {"LATIN"} for value in words for word in value)
    return any(map(_is_styled, values)) or any(
        _value_imitates(value, beside_latin=has_latin) for value in words if value
    )


def _value_imitates(words: list[str], *, beside_latin: bool) -> bool:
    scripts = [_scripts(word) for word in words]
    if any(len(mixed) > 1 and not any(map(mixed.issubset, _MIXTURES)) for mixed in scripts):
        return True
    imitations = [_LIKE_LATIN.issuperset(word) for word in words]
    chosen: Callable[[list[bool]], bool] = any if {"LATIN"} in scripts else all
    return beside_latin and chosen(imitations)


def _scripts(word: str) -> set[str]:
    """The scripts of a word's letters, each the first word of the letters' names in Unicode."""
    return {_script(letter) for letter in word if unicodedata.category(letter)[0] == "L"} - _COMMON


def _script(letter: str) -> str:
    name = unicodedata.name(letter, "UNNAMED")
    words = name.removeprefix("FULLWIDTH ").removeprefix("HALFWIDTH ").split()
    return "CJK" if words[0] == "IDEOGRAPHIC" else words[0]


def _is_styled(text: str) -> bool:
    is_east_asian = any(unicodedata.east_asian_width(character) == "W" for character in text)
    styles = _STYLED if is_east_asian else (*_STYLED, "<wide>")
    return any(unicodedata.decomposition(character).startswith(styles) for character in text)


def _joins(text: str, position: int) -> bool:
    """Whether this is a joiner where Persian or an Indian language writes one."""
    if text[position] not in _JOINERS or not 0 < position < len(text) - 1:
        return False
    before, after = text[position - 1], text[position + 1]
    is_persian = _script(before) == _script(after) == "ARABIC" and text[position] == _JOINERS[0]
    return is_persian or unicodedata.combining(before) == _VIRAMA


def _attributes(relative_names: Reader) -> Iterator[Attribute]:
    while relative_names.next_tag() is not None:
        parts = relative_names.enter(der.SET)
        while parts.next_tag() is not None:
            part = parts.enter(der.SEQUENCE)
            kind = part.value(der.OBJECT_IDENTIFIER)
            yield Attribute(kind, _text(part))
            part.finish()


def _text(reader: Reader) -> str:
    tag = reader.next_tag()
    if tag not in _ENCODINGS:
        reader.skip()
        return ""
    try:
        return reader.value(tag).decode(_ENCODINGS[tag])
    except UnicodeDecodeError as error:
        raise DERError("a text is not in its encoding") from error
