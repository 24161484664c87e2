"""The edges of the rules of drift; the scores themselves are in tests/integration/warehouse."""

from decimal import Decimal

import pytest

from ecommerce.forecast.report import scoring
from ecommerce.forecast.report.figures import Score

BIAS = "the bias of the forecasts was {} % (limit ±10.0 %)"
COVERED = "only 55.0 % of days were within their 80 % interval (limit 60.0 %)"
ERROR = "the error was 9.0 % of sales, more than 1.5 times the 5.9 % of the back-test"


def drift(usual_error=None, **changes):
    """The drift of four weeks of perfect forecasts, except for the changes."""
    score = {
        "of": "total",
        "series": 1,
        "periods": 28,
        "forecast": 2800,
        "actual": 2800,
        "error": 0,
        "bias": 0,
        "covered_80": 1,
        "covered_95": 1,
    }
    found = scoring.drift(
        Score.model_validate(score | changes),
        usual_error,
    )
    assert found.usual_error == usual_error
    return found.reasons


@pytest.mark.parametrize(
    ("score", "reasons"),
    [
        ({"bias": "1", "periods": 13}, []),
        ({"bias": "1", "periods": 14}, [BIAS.format("+100.0")]),
        ({"bias": "0.1"}, []),
        ({"bias": "0.101"}, [BIAS.format("+10.1")]),
        ({"bias": "-0.101"}, [BIAS.format("\N{MINUS SIGN}10.1")]),
        ({"covered_80": "0.6"}, []),
        ({"covered_80": "0.55"}, [COVERED]),
        ({"bias": None, "covered_80": None, "error": None, "periods": 0}, []),
    ],
)
def test_bias_and_coverage(score, reasons):
    assert drift(**score) == reasons


def test_the_error_is_compared_with_that_of_the_back_test():
    assert drift(Decimal("0.06"), error="0.09") == []
    assert drift(Decimal("0.059"), error="0.09") == [ERROR]
    assert drift(None, error="0.09") == []
