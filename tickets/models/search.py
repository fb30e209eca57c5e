"""Typed words as a query over the lexemes of `Filing.search`: characters and pairs of characters. Pure."""

from __future__ import annotations

WORDS_MAX, TYPED_MAX = 6, 60


def words_of(typed: str) -> list[str]:
    """Lower-case words of what was typed, at most six; all of them have to be found."""
    return typed[:TYPED_MAX].replace("\x00", "").lower().split()[:WORDS_MAX]


def lexemes_of(word: str) -> list[str]:
    """The character itself, or every pair of neighbours: a longer word needs a recheck of the text."""
    return [word] if len(word) == 1 else [word[i : i + 2] for i in range(len(word) - 1)]


def lexeme_query(words: list[str]) -> str:
    """A tsquery, as text, for all lexemes of all words; each is quoted, so nothing typed is an operator."""
    return " & ".join(quoted(lexeme) for word in words for lexeme in lexemes_of(word))


def quoted(lexeme: str) -> str:
    """A lexeme as a tsquery reads it: whatever it holds, it is no operator."""
    escaped = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
