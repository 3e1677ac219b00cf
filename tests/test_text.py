"""Folding text: titles under one key, sentences by their spans, texts without deceit."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.text import fold_space, plain, sentence_spans, strip_accents, title_key, words

PROPERTY = settings(deadline=None, max_examples=60)

# Latin letters with accents, Greek, Cyrillic, digits and the marks that stand in titles. Without
# the dotless i, whose capital is that of another letter, and the backslash, which begins a command.
LETTERS = "abcxyzABCXYZéÉüÜñçÇøßÅšŠłŁœαβΩσςжЖйЙ"
TITLE = st.text(alphabet=LETTERS + "0179 -–:,.?!'’\"()[]&$", min_size=1, max_size=40)
PROSE = st.text(alphabet="abzABÉé 019.!?\"'()[]“”’\n\t", max_size=80)


def test_fold_space_joins_every_kind_of_white_space():
    """Runs of any Unicode white space become one blank, and none is left at the ends."""
    assert fold_space("\ufeff \u00a0a\u2003\u2028 b\r\n\tc\u3000") == "\ufeff a b c"
    assert fold_space(" \n ") == ""


def test_plain_takes_out_what_deceives_a_reader():
    """Bidirectional overrides, isolates and control characters go; line breaks and accents stay."""
    assert plain("a\u202eb\u2066c\u2069d\x00e\x07f\x1b[1mg") == "abcdef[1mg"
    assert plain("Zoë\tcafe\u0301\nΔ 李明") == "Zoë\tcafe\u0301\nΔ 李明"


def test_strip_accents_keeps_letters_that_have_no_base():
    """Accents go, composed or not, and letters that are not made of two stay."""
    assert strip_accents("Éléonore Müller e\u0301 Łukasz Øystein ﬁn") == (
        "Eleonore Muller e Łukasz Øystein fin"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "In-context learning & Occam's razor",
            ["in", "context", "learning", "occam", "s", "razor"],
        ),
        ("Maß für Netze: a Re-Visit", ["mass", "fur", "netze", "a", "re", "visit"]),
        (r"\emph{Deep} Nets", ["deep", "nets"]),
        ("x_1 and snake_case", ["x", "1", "and", "snake", "case"]),
        ("基于深度学习 GPT-4", ["基于深度学习", "gpt", "4"]),
        ("… — ?!", []),
    ],
)
def test_words(text: str, expected: list[str]):
    """Words are case-folded, without accents, commands and punctuation, in order."""
    assert words(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Brain-like  Dynamics.", "brainlike dynamics"),
        ("Meta-Learning", "metalearning"),
        (
            "Clarifying training of modern EBMs : Contrastive",
            "Clarifying Training of Modern EBMs: contrastive",
        ),
        ("“Why Should I Trust You?”", '"Why should I trust you?"'),
        ("Schrödinger bridges", "Schro\u0308dinger Bridges"),
        ("Diﬀusion Models", "Diffusion models"),
        (r"\textit{Deep} Nets", "Deep nets"),
        ("Straße", "STRASSE"),
    ],
)
def test_titles_that_are_the_same(one: str, other: str):
    """Titles that differ in case, blanks, accents' encoding or punctuation have one key."""
    assert title_key(one) == title_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Planning, Part I", "Planning, Part II"),
        ("GPT-3", "GPT-4"),
        ("???", "!!!"),
    ],
)
def test_titles_that_are_not_the_same(one: str, other: str):
    """Titles that differ in a number, or in all the signs that they have, have different keys."""
    assert title_key(one) != title_key(other)


def test_titles_that_differ_in_a_symbol_of_latex_are_not_the_same():
    """A Greek letter written as a command is a letter of the title."""
    alpha, beta = (
        r"On the $\alpha$-divergence of measures",
        r"On the $\beta$-divergence of measures",
    )
    assert title_key(alpha) != title_key(beta)


def test_a_title_without_letters_keeps_its_characters():
    """A title made of signs alone still has a key."""
    assert title_key(" ? ?! ") == "? ?!"


@PROPERTY
@given(TITLE)
def test_title_key_does_not_depend_on_case(title: str):
    """A title in capitals or in small letters has the key of the title."""
    assert title_key(title.upper()) == title_key(title.lower()) == title_key(title)


@PROPERTY
@given(TITLE, st.sampled_from([" ", "  ", "\u00a0", "\n", "\t ", "\u2009"]))
def test_title_key_does_not_depend_on_blanks(title: str, blank: str):
    """Wider blanks, other blanks and blanks at the ends leave the key as it is."""
    assert title_key(blank + title.replace(" ", blank) + blank) == title_key(title)


@PROPERTY
@given(TITLE, st.sampled_from(["\u0301", "\u0308", "\u0327", "\u030a"]))
def test_title_key_does_not_depend_on_accents(title: str, accent: str):
    """Accents on every letter, composed or apart, leave the key as it is."""
    accented = "".join(c + accent if c.isalpha() else c for c in title)
    assert title_key(accented) == title_key(unicodedata.normalize("NFC", accented))
    if words(title):
        assert title_key(accented) == title_key(title)


@PROPERTY
@given(TITLE)
def test_title_key_of_a_key_is_the_key(title: str):
    """Folding a second time changes nothing."""
    assert title_key(title_key(title)) == title_key(title)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (
            "We follow Smith et al. Their work (see Fig. 3) is good. It works! Does it? Yes.",
            ["We follow Smith et al. Their work (see Fig. 3) is good.", "It works!", "Does it?",
             "Yes."],
        ),
        ("A rate of 3.5 percent. 10 were left.", ["A rate of 3.5 percent.", "10 were left."]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("Work by J. R. Tolkien. And e.g. Others.", ["Work by J. R. Tolkien.", "And e.g. Others."]),
        ("no end and no capital. so one sentence", ["no end and no capital. so one sentence"]),
        ("Élan. École.", ["Élan.", "École."]),
        ("", []),
        (" \n ", []),
    ],
)  # fmt: skip
def test_sentences(text: str, sentences: list[str]):
    """A sentence ends at its mark before a capital or digit, not after an abbreviation."""
    assert [text[start:end] for start, end in sentence_spans(text)] == sentences


@PROPERTY
@given(PROSE)
def test_sentence_spans_cover_the_text(text: str):
    """Spans are ordered and apart, none is blank, and only white space lies outside of them."""
    spans = sentence_spans(text)
    ends = [0]
    for start, end in spans:
        assert ends[-1] <= start < end <= len(text)
        assert text[start:end].strip()
        assert text[ends[-1] : start].strip() == ""
        ends.append(end)
    assert text[ends[-1] :].strip() == ""
    outside = "".join(text[a:b] for a, b in zip(ends, [s for s, _ in spans], strict=False))
    joined = "".join(text[s:e] for s, e in spans)
    assert len(joined) + len(outside) + len(text[ends[-1] :]) == len(text)
    assert "".join(joined.split()) == "".join(text.split())
