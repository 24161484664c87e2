"""The statements of the warehouse as they are sent, without sending them."""

from datetime import UTC, datetime, timedelta

import click

from ecommerce.cli import environment
from ecommerce.cli.terminal import show
from ecommerce.core.business_day import shop_day
from ecommerce.core.settings import Settings, load_settings
from ecommerce.warehouse import rendering, schema


@click.command()
@click.option("--view", "name", required=True, help="a view, or a table that is loaded")
def sql(name: str) -> None:
    """Print the statement that creates a view, or that loads a table for yesterday."""
    environment.load()
    settings = load_settings()
    if name in rendering.views():
        show(schema.ddl(name, settings))
    elif name in rendering.tables("load.sql"):
        show(load_statement(name, settings))
    else:
        known = sorted({*rendering.views(), *rendering.tables("load.sql")})
        raise click.BadParameter(f"{name!r} is none of {', '.join(known)}")


def load_statement(table: str, settings: Settings) -> str:
    """Return the statement that loads a table for yesterday, from the staging tables of a load `0a1b`, as if
    every look-up had found this day."""
    from ecommerce.catalogue.loading import CATALOGUE
    from ecommerce.events.loading import EVENTS
    from ecommerce.forecast.loading import FORECASTS
    from ecommerce.sales.loading import ORDERS

    now = datetime.now(UTC)
    yesterday = shop_day(now, settings.shop_timezone).date - timedelta(days=1)
    loads = (ORDERS, EVENTS, CATALOGUE, FORECASTS)
    spec = next(each for each in loads if table in each.tables)
    return rendering.render(
        f"warehouse/tables/{table}/load.sql",
        days=[yesterday],
        read_days=[yesterday],
        stored={key: [yesterday] for key in (*rendering.tables(), "changed_rates")},
        arriving=rendering.tables(),
        staging="0a1b",
        spec=spec,
        settings=settings,
        business_date=yesterday,
        last_day=yesterday,
        earliest_date=yesterday,
        looked_up_at=now,
    )
