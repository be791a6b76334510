from __future__ import annotations

import pytest

from flux_cli.adapters.specialists.readability import flesch_kincaid, sentence_count, syllables


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("cat", 1),
        ("tape", 1),
        ("table", 2),
        ("basil", 2),
        ("baked", 1),
        ("started", 2),
        ("watered", 2),
        ("houses", 2),
        ("makes", 1),
        ("recycled", 3),
        ("lantern", 2),
        ("warranty", 3),
        ("aluminium", 5),
        ("supermarket", 4),
        ("electricity", 5),
        ("delicious", 3),
        ("radio", 3),
        ("station", 2),
        ("movement", 2),
        ("people", 2),
    ],
)
def test_syllables_are_counted_as_they_are_spoken(word: str, count: int) -> None:
    assert syllables(word) == count


def test_a_sentence_ends_at_its_mark_or_at_the_end_of_its_line() -> None:
    assert sentence_count("One. Two! Three?\nFour") == 4
    assert sentence_count("") == 1


def test_the_grade_is_kincaids_formula() -> None:
    # Nine words, two sentences, nine syllables.
    assert flesch_kincaid("The cat sat on the mat. It was warm.") == pytest.approx(
        0.39 * 9 / 2 + 11.8 * 9 / 9 - 15.59, abs=0.01
    )


def test_longer_words_and_sentences_are_harder_to_read() -> None:
    easy = "The dog ran. The sun was hot. We had fun."
    hard = (
        "Organisational transformation necessitates comprehensive communication of "
        "multidimensional implementation considerations throughout participating institutions."
    )
    assert flesch_kincaid(easy) < 2 < 15 < flesch_kincaid(hard)


def test_a_text_without_words_has_no_grade() -> None:
    assert flesch_kincaid(" — \n") == 0.0
