"""A company of several shops ends in the tables of the oracle, however its days are read."""

from tests.integration.daily_run import morning_after, run_day
from tests.integration.shops.books import EU, JP, SHOPS, Books, shops_by_customer


def test_a_day_of_all_shops(start_company):
    company = start_company(shops=SHOPS)
    books = Books(1)
    [day] = books.days
    company.show(*books.as_of(morning_after(day)))
    run_day(day)
    assert company.differences(company.oracle(run_days=[day])) == ""

    # What makes the day a hard one.
    assert max(map(len, shops_by_customer(company.shown).values())) > 1
    orders = company.shown.orders
    assert len({order.order_id for order in orders}) < len(orders)
    for source, currency in ((EU, "EUR"), (JP, "JPY")):
        assert {o.currency for o in orders if o.source == source} == {currency}
