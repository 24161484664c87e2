from typing import Any

import pytest
from lazy_object_proxy import Proxy

from ecommerce.runtime.typed_task import typed_task


def test_a_task_does_not_request_the_earlier_run_that_its_context_offers():
    @typed_task()
    def unused(**context: Any) -> list[str]:
        return sorted(context)

    earlier = Proxy(lambda: pytest.fail("the earlier run is requested"))

    assert unused.function(prev_start_date_success=earlier) == [
        "prev_start_date_success"
    ]
