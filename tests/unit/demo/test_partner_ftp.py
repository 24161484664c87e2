"""What the demo's partner publishes is what happens in the demo company."""

from datetime import date, timedelta

from demo.ledger.season import offer_of
from demo.seeders import partner_ftp as seeder
from ecommerce.core.business_day import days_between
from ecommerce.forecast.partner_ftp.files import read_folder

FIRST = date(2024, 1, 1)
TODAY = date(2026, 11, 21)  # a Saturday


def test_its_files_are_the_companys_offers_and_every_week_that_is_over(tmp_path):
    seeder.fill(tmp_path, FIRST, TODAY)
    files = read_folder(tmp_path)
    assert not files.rejected
    assert not files.warnings
    promoted = set()
    for promotion in files.announced.promotions:
        promoted.update(days_between(promotion.start_date, promotion.end_date))
    for day in days_between(FIRST, TODAY + timedelta(days=60)):
        assert (day in promoted) == bool(offer_of(day)), day
    weeks = files.announced.market_index
    assert weeks[0].week_start == FIRST
    assert weeks[-1].week_start == date(2026, 11, 9)
    before = (tmp_path / "market_index.csv").read_text()
    seeder.fill(tmp_path, FIRST, date(2026, 11, 23))
    assert (tmp_path / "market_index.csv").read_text().startswith(before)
