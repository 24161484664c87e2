"""`make migrate`, `make undo-history` and `make forget-customer`: changes to the warehouse's tables."""

import sys

import click

from ecommerce.cli import environment
from ecommerce.cli.terminal import progress, show
from ecommerce.core.errors import PipelineError
from ecommerce.core.text import counted
from ecommerce.warehouse import client


@click.command()
def migrate() -> int:
    """Update the tables to include/sql/warehouse.

    The exit code is 1 if something remains to be done by hand.
    """
    environment.load()
    from ecommerce.warehouse import migrate

    migration = migrate.migrate(client.connect(step="migrate"))
    for sentence in migration.done or ["every table was up to date"]:
        show(sentence)
    for sentence in migration.left:
        progress(f"left to do: {sentence}")
    return 1 if migration.left else 0


@click.command("undo-history")
@click.option("--source", required=True, help="source name of the history load")
def undo_history(source: str) -> None:
    """Remove the orders of a history load from the warehouse."""
    environment.load()
    from ecommerce.sales.history.undo import undo

    show(f"{counted(undo(source), 'order')} of {source} removed")


@click.command("forget-customer")
def forget_customer() -> None:
    """Erase a customer from the warehouse, staging and the archive of reports.

    The command reads the e-mail address, or <source>:<customer id> of a customer without one, from standard
    input, so that no shell history keeps it. Erase the customer in the sources afterwards. The exit code is 1
    if nothing is known of the customer.
    """
    environment.load()
    from ecommerce.sales.erasure import forget

    if sys.stdin.isatty():
        progress("E-mail address, or <source>:<customer id>:")
    identity = sys.stdin.readline().strip()
    if not identity:
        raise PipelineError("no e-mail address on standard input: nothing was removed")
    cleared = forget(identity, client.connect(step="erasure"))
    for what, number in cleared.items():
        show(f"cleared: {what}: {number}")
    if not any(what.startswith("rows of ") for what in cleared):
        raise PipelineError(
            "the warehouse has no customer with that address: they were forgotten before, or the sources "
            "spell it differently"
        )
