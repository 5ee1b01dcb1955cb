from __future__ import annotations

import numpy as np

from surveys.data.codebook import Codebook, Item, distinct_codes, format_code, is_code, same_code


def test_a_code_is_the_same_as_number_and_as_text():
    assert same_code(1, "1")
    assert same_code("01", 1.0)
    assert not same_code("R1", 1)
    assert not same_code("R1", "R2")


def test_blank_is_no_code():
    assert not is_code(np.array([np.nan, 1.0]), [2]).any()
    assert not is_code(np.array([None, "x"], dtype=object), ["nan", "None"]).any()


def test_declared_ranges_are_missing_at_both_ends():
    item = Item(name="age", missing_codes=(-1,), missing_ranges=((97.0, 99.0),))
    assert item.is_missing(np.array([96.0, 97.0, 99.0, 100.0, -1.0, np.nan])).tolist() == [
        False,
        True,
        True,
        False,
        True,
        False,
    ]


def test_codes_of_text_come_in_the_order_of_their_numbers():
    codes, where = distinct_codes(np.array(["10", "9", None, "b", "a", "9"], dtype=object))
    assert codes == ["9", "10", "a", "b", None]
    assert where.tolist() == [1, 0, 4, 3, 2, 0]


def test_an_unknown_item_has_no_labels():
    book = Codebook()
    assert book["q1"].codes == {}
    assert "q1" not in book
    assert len(book) == 0


def test_codes_are_written_as_people_write_them():
    assert [format_code(code) for code in (1, 1.0, 0.5, "R1", -9.0)] == ["1", "1", "0.5", "R1", "-9"]
