from __future__ import annotations

from threading import Event

from ecommerce.core.errors import TransientError
from ecommerce.pages.warehouse_cache import Asking


def test_an_answer_is_given_again_for_a_while():
    asked = []
    asking = Asking(lambda: "warehouse")
    assert [asking("key", lambda warehouse: asked.append(warehouse) or 7).value for _ in range(3)] == [
        7,
        7,
        7,
    ]
    assert asked == ["warehouse"]
    assert asking("other", lambda warehouse: 8).value == 8


def test_a_warehouse_that_hangs_does_not_hold_the_page_up():
    release = Event()
    asking = Asking(lambda: None, patience=0.01)
    answer = asking("key", lambda warehouse: release.wait(30))
    assert answer.value is None
    assert "has not answered" in answer.failed
    release.set()


def test_why_it_failed_is_one_sentence_and_nothing_of_an_unexpected_error():
    def fail(error):
        def question(warehouse):
            raise error

        return question

    asking = Asking(lambda: None)
    assert (
        asking(1, fail(TransientError("it is away"))).failed
        == "The warehouse could not be asked: it is away."
    )
    assert "password" not in asking(2, fail(ValueError("password=x"))).failed
