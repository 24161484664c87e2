"""Items that another thread finds."""

import threading

import pytest

from ecommerce.sources.text_blocks import ahead


def numbers(until, finders):
    for number in range(until):
        finders.add(threading.current_thread())
        yield number
    raise ValueError("found too many")


def test_another_thread_finds_the_items_and_its_error_arrives_after_them():
    finders = set()
    items = ahead(numbers(2, finders))
    assert [next(items), next(items)] == [0, 1]
    with pytest.raises(ValueError, match="found too many"):
        next(items)
    assert threading.current_thread() not in finders


def test_no_thread_is_left_when_the_items_are_no_longer_needed():
    finders = set()
    items = ahead(numbers(3, finders))
    assert next(items) == 0
    items.close()
    for thread in finders:
        assert not thread.is_alive()
