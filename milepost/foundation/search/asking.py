"""What a person types, as what the database is asked. Whatever they type is words: there is no syntax to get wrong.

Words (all must be there), "phrases", -minus, and the beginning of a last word while it is being typed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

LONGEST = 200
"""Characters of a question."""
MOST = 12
"""Words and phrases of a question; more are left out."""
SHORTEST_BEGINNING = 4
"""Letters from which on the last word is taken as the beginning of one: "th" begins too many to be of use."""

_PIECES = re.compile(r'(-?)"([^"]*)"?|(-?)(\S+)')


@dataclass(frozen=True, slots=True)
class Piece:
    """A word, or several that stand in this order."""

    text: str
    begins: bool = False
    """Also as the beginning of a longer word."""

    def fts5(self) -> str:
        # Between double quotes nothing is syntax but a double quote, of which a piece has none.
        return f'"{self.text}"{"*" if self.begins else ""}'


@dataclass(frozen=True, slots=True)
class Question:
    wanted: tuple[Piece, ...]
    unwanted: tuple[Piece, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.wanted)

    def beginning(self) -> Question:
        """The same, with the last word as the beginning of one, where that makes sense."""
        last = self.wanted[-1] if self.wanted else None
        if last is None or len(last.text) < SHORTEST_BEGINNING or not last.text.isalnum():
            return self
        return Question((*self.wanted[:-1], Piece(last.text, begins=True)), self.unwanted)

    def fts5(self) -> str:
        """For MATCH, in the columns of what people wrote."""
        wanted = " AND ".join(piece.fts5() for piece in self.wanted)
        inside = f"({wanted})"
        if self.unwanted:
            inside += f" NOT ({' OR '.join(piece.fts5() for piece in self.unwanted)})"
        return f"{{title body}} : ({inside})"

    def tsquery(self) -> tuple[str, list[str]]:
        """SQL of a tsquery, and its parameters."""
        parts, params = [], []
        for piece in self.wanted:
            if piece.begins:
                parts.append("to_tsquery('milepost', %s)")
                params.append(f"'{fold(piece.text)}':*")
            else:
                parts.append("phraseto_tsquery('milepost', %s)")
                params.append(fold(piece.text))
        for piece in self.unwanted:
            parts.append("!!phraseto_tsquery('milepost', %s)")
            params.append(fold(piece.text))
        return f"({' && '.join(parts)})", params


def parse(text: str) -> Question:
    """The question in what was typed; an empty one where no letter or digit is wanted."""
    text = unicodedata.normalize("NFC", text[:LONGEST].replace("\0", " "))
    wanted: list[Piece] = []
    unwanted: list[Piece] = []
    for quoted_minus, quoted, minus, word in _PIECES.findall(text):
        words = " ".join((quoted or word).replace('"', " ").split())
        if any(c.isalnum() for c in words) and len(wanted) + len(unwanted) < MOST:
            (unwanted if quoted_minus or minus else wanted).append(Piece(words))
    return Question(tuple(dict.fromkeys(wanted)), tuple(dict.fromkeys(unwanted)))


def fold(text: str) -> str:
    """Without diacritics, as the index has it."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if not "\u0300" <= c <= "\u036f")
