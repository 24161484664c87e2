"""What the demo's partner publishes is what happens in the demo company."""

from datetime import date

from demo.ledger.season import offer_of
from demo.seeders import partner_ftp as seeder
from ecommerce.forecast.partner_ftp.files import read_market_index, read_promotions

FIRST = date(2024, 1, 1)
TODAY = date(2026, 11, 21)  # a Saturday


def test_its_files_are_the_companys_offers_and_every_week_that_is_over(tmp_path):
    seeder.fill(tmp_path, FIRST, TODAY)
    promotions = read_promotions((tmp_path / "promotions.csv").read_bytes())
    weeks = read_market_index((tmp_path / "market_index.csv").read_bytes())
    for result in (promotions, weeks):
        assert not result.rejected
        assert not result.warnings
    assert len(promotions.rows) == 6
    for number in range(FIRST.toordinal(), TODAY.toordinal() + 60):
        day = date.fromordinal(number)
        promoted = [p for p in promotions.rows if p.start_date <= day <= p.end_date]
        assert bool(promoted) == bool(offer_of(day)), day
    assert weeks.rows[0].week_start == FIRST
    assert weeks.rows[-1].week_start == date(2026, 11, 9)
    before = (tmp_path / "market_index.csv").read_text().splitlines()
    seeder.fill(tmp_path, FIRST, date(2026, 11, 23))
    assert (tmp_path / "market_index.csv").read_text().splitlines()[:-1] == before
