"""`make migrate`, `make undo-history`, `make forget-customer`: what people do to the warehouse's tables."""

from __future__ import annotations

import sys

import click

from ecommerce.cli import environment
from ecommerce.core.errors import PipelineError


@click.command()
def migrate() -> int:
    """Bring the tables to include/sql/warehouse.

    The exit code is 1 when something is left to do by hand.
    """
    environment.load()
    from ecommerce.warehouse import migrate
    from ecommerce.warehouse.client import connect

    try:
        migration = migrate.migrate(connect(step="migrate"))
    except PipelineError as error:
        raise PipelineError(f"not migrated: {error}") from None
    for sentence in migration.done or ["every table was as its file says"]:
        click.echo(sentence)
    for sentence in migration.left:
        click.echo(f"left to do: {sentence}", err=True)
    return 1 if migration.left else 0


@click.command("undo-history")
@click.option("--source", required=True, help="the name under which the history was loaded")
def undo_history(source: str) -> None:
    """Remove the orders of a history load from the warehouse."""
    environment.load()
    from ecommerce.sales.history.undo import undo

    click.echo(str(undo(source)))


@click.command("forget-customer")
def forget_customer() -> int:
    """Remove every trace of a customer from the warehouse.

    It asks for the e-mail address, or <source>:<customer id> of a customer without one, on standard input, so
    that it stands in no command line and no history. Erase the customer in the sources first. The exit code
    is 1 when the warehouse knows nobody by that name.
    """
    environment.load()
    from ecommerce.warehouse.client import connect
    from ecommerce.warehouse.erasure import forget

    if sys.stdin.isatty():
        click.echo("E-mail address, or <source>:<customer id>: ", nl=False)
    identity = sys.stdin.readline().strip()
    if not identity:
        raise PipelineError("no e-mail address was given: nobody was forgotten")
    removed = forget(identity, connect(step="erasure"))
    if not any(removed.values()):
        raise PipelineError(
            "the warehouse has no customer of that address, so nothing was removed: is it spelt as in the "
            "sources, and CUSTOMER_HASH_KEY the one with which the orders were loaded?"
        )
    click.echo(", ".join(f"{count} rows of {table}" for table, count in removed.items()) + " forgotten")
    return 0
