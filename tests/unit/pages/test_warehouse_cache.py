from threading import Event

from ecommerce.core.errors import TransientError
from ecommerce.pages.warehouse_cache import WarehouseCache


def test_an_answer_is_given_again_for_a_while():
    asked = []
    cache = WarehouseCache(lambda: "warehouse")
    assert [
        cache.get("key", lambda warehouse: asked.append(warehouse) or 7).value
        for _ in range(3)
    ] == [
        7,
        7,
        7,
    ]
    assert asked == ["warehouse"]
    assert cache.get("other", lambda warehouse: 8).value == 8


def test_a_warehouse_that_hangs_does_not_hold_the_page_up():
    release = Event()
    cache = WarehouseCache(lambda: None, timeout=0.01)
    answer = cache.get("key", lambda warehouse: release.wait(30))
    assert answer.value is None
    assert "timed out" in answer.failed
    release.set()


def test_why_it_failed_is_one_sentence_and_nothing_of_an_unexpected_error():
    def fail(error):
        def question(warehouse):
            raise error

        return question

    cache = WarehouseCache(lambda: None)
    assert (
        cache.get(1, fail(TransientError("it is away"))).failed
        == "The warehouse is unavailable: it is away."
    )
    assert "password" not in cache.get(2, fail(ValueError("password=x"))).failed
