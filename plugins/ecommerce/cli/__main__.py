"""`python -m ecommerce.cli <command>`: see `--help`. The Makefile's targets call these commands."""

import logging
import sys
from contextlib import redirect_stdout

import click

from ecommerce.cli.backfill import backfill
from ecommerce.cli.check import check
from ecommerce.cli.forecast import forecast
from ecommerce.cli.history import history
from ecommerce.cli.local_airflow import airflow
from ecommerce.cli.query import query
from ecommerce.cli.repair import repair
from ecommerce.cli.report import report
from ecommerce.cli.run import run
from ecommerce.cli.sql import sql
from ecommerce.cli.tables import tables
from ecommerce.cli.warehouse import forget_customer, migrate, undo_history
from ecommerce.core.errors import PipelineError

app = click.Group(
    help="Operate the sales pipeline.",
    context_settings={"help_option_names": ["-h", "--help"]},
    commands=[
        check,
        run,
        airflow,
        backfill,
        history,
        repair,
        report,
        query,
        tables,
        sql,
        forecast,
        migrate,
        undo_history,
        forget_customer,
    ],
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code, 0 only if everything it started succeeded. Errors of this
    package are printed as one line each.

    Libraries print to standard error: Airflow would log to standard output, between the rows of a CSV.
    """
    results = sys.stdout
    try:
        with redirect_stdout(sys.stderr):
            code = app.main(
                arguments,
                prog_name="python -m ecommerce.cli",
                standalone_mode=False,
                obj=results,
            )
    except click.Abort:
        click.echo("Interrupted", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except PipelineError as error:
        click.echo(str(error), err=True)
        return 1
    finally:
        logging.disable(logging.NOTSET)
    return code or 0


if __name__ == "__main__":
    sys.exit(main())
