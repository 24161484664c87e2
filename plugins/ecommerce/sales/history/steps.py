"""The tasks of `sales_history_load`, in terms of Airflow's task context."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from ecommerce.core import staging
from ecommerce.core.business_day import day_window, shop_day
from ecommerce.core.errors import ConfigurationError, PipelineError
from ecommerce.core.settings import load_settings
from ecommerce.core.staging import run_folder
from ecommerce.sources import EXCHANGE_RATES

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(9999, 12, 31)
"""The range when the form gives none: timestamps before the year 2000 are rejected anyway."""

log = logging.getLogger(__name__)


def list_files(context: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The files of the form's pattern, in batches that `read` takes (one file each, up to a thousand).

    Raises:
        ConfigurationError: no file, an unknown scheme or ending, or a source name or range that cannot be.
        CredentialsError, TransientError: the storage refuses, or fails.
    """
    from ecommerce.sales.history.files import batches, find_files

    params, run = context["params"], context["dag_run"]
    now = datetime.now(UTC)
    source = source_name(params["source"])
    days(params)
    settings = load_settings()
    run_day = shop_day(getattr(run, "run_after", None) or now, settings.shop_timezone).date
    files = find_files(params["files"])
    common = {
        "folder": run_folder(settings.staging_uri, run.dag_id, run_day, run.run_id),
        "source": source,
        "read_at": now.isoformat(),
        "run_day": run_day.isoformat(),
        "of": len(files),
    }
    log.info("%d files, %d bytes", len(files), sum(file.bytes for file in files))
    numbered, number = [], 1
    for batch in batches(files):
        numbered.append(common | {"first": number, "files": [file.to_xcom() for file in batch]})
        number += len(batch)
    return numbered


def read(batch: Mapping[str, Any]) -> dict[str, Any]:
    """Read the files of a batch into staging; where they are, and how many records they hold.

    Raises:
        PipelineError: as `reading.read_file`.
    """
    from ecommerce.sales.history.files import ExportFile
    from ecommerce.sales.history.reading import read_file

    reading, folders, rows = _reading(batch), [], 0
    for number, plain in enumerate(batch["files"], start=batch["first"]):
        folder = f"{batch['folder']}/files/{number:05d}"
        rows += read_file(ExportFile.from_xcom(plain), folder, reading).rows
        folders.append(folder)
        log.info("file %d of %d done; %d records by this task so far", number, batch["of"], rows)
    common = {name: batch[name] for name in ("folder", "source", "read_at", "run_day")}
    return common | {"folders": folders, "rows": rows}


def batch_label(batch: Mapping[str, Any]) -> str:
    """What the UI calls one mapped `read`: the file's name, or the first one's and how many follow."""
    more = len(batch["files"]) - 1
    name: str = batch["files"][0]["name"]
    return f"{name} and {more} more" if more else name


def control_totals(context: Mapping[str, Any], reads: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The control totals of everything read, by month; see `totals.sum_up`.

    Raises:
        PipelineError: as `totals.sum_up`.
    """
    from ecommerce.sales.history.totals import sum_up

    found = list(reads)
    first_day, last_day = days(context["params"])
    folders = [folder for each in found for folder in each["folders"]]
    return sum_up(folders, f"{found[0]['folder']}/export", _reading(found[0]), first_day, last_day)


def months(context: Mapping[str, Any], totals: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The months to load, in order. On a dry run there are none, and everything behind is skipped.

    Raises:
        AirflowSkipException: a dry run.
    """
    from airflow.sdk.exceptions import AirflowSkipException

    if context["params"]["dry_run"]:
        raise AirflowSkipException("a dry run ends here: the control totals are in the task before this one")
    return [
        {
            "export": totals["export"],
            "number": number,
            "of": len(totals["months"]),
            **{name: month[name] for name in ("month", "first_day", "last_day")},
        }
        for number, month in enumerate(totals["months"], start=1)
    ]


def transform(context: Mapping[str, Any], month: Mapping[str, Any]) -> dict[str, Any]:
    """Gather and transform one month; the manifest of what is to be loaded.

    Raises:
        PipelineError: as `months.transform`.
    """
    from ecommerce.sales.history import months as parts

    return parts.transform(month, context["run_id"]).to_xcom()


def load(
    context: Mapping[str, Any], manifest: Mapping[str, Any], month: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Load what one transform left, in one transaction; what `LoadResult.to_xcom` says of it.

    `month`, one of those that `months` returned, is named in the log.

    Raises:
        PipelineError: as `warehouse.steps.load_reads`; nothing of it was loaded.
    """
    from ecommerce.sales.loading import load_reads
    from ecommerce.warehouse.staged import HISTORY

    loaded = load_reads(context, [manifest], HISTORY)
    if month:
        log.info("%s is loaded: month %d of %d", month["month"], month["number"], month["of"])
    return loaded


def exchange_rates(context: Mapping[str, Any], totals: Mapping[str, Any]) -> dict[str, Any] | None:
    """Load the rates that the export's days need; None when all amounts are in the reporting currency.

    A daily run reads the rates of its own weeks only. Where the source is off, or optional and fails, amounts
    stay unconverted.

    Raises:
        PipelineError: as the daily run's extract, transform and load of the rates.
    """
    from ecommerce.core.reads import ReadWindow
    from ecommerce.sales import source_policy as policy
    from ecommerce.sales.transform import transform as run_transform
    from ecommerce.sources.exchange_rates.reading import extract

    settings = load_settings()
    currencies = {currency for month in totals["months"] for currency in month["amounts"]}
    if not currencies - {settings.reporting_currency, ""}:
        log.info("all amounts are in %s: no rates are needed", settings.reporting_currency)
        return None
    matters = policy.source_policy()[EXCHANGE_RATES]
    if matters == policy.OFF:
        log.warning("%s is off: other currencies stay unconverted", EXCHANGE_RATES)
        return None
    first = date.fromisoformat(totals["months"][0]["first_day"])
    # The day before: the audit of a run has one load per day, and the first month has the first day.
    day = day_window(first, settings.shop_timezone).shifted(-1)
    folder = f"{totals['export'].rsplit('/', 1)[0]}/{EXCHANGE_RATES}"
    try:
        raw = extract(ReadWindow(EXCHANGE_RATES, day, day.start, day.end, folder))
    except PipelineError:
        if matters == policy.REQUIRED:
            raise
        log.exception("going on without %s: other currencies stay unconverted", EXCHANGE_RATES)
        return None
    return load(context, run_transform(raw, run_id=context["run_id"]).to_xcom())


def clean_up(reads: Iterable[Mapping[str, Any]], export: str) -> None:
    """Remove what was read: it holds e-mail addresses, and months that were transformed do not need it."""
    for each in reads:
        for folder in each["folders"]:
            staging.discard(folder)
    staging.discard(export)


def source_name(text: str) -> str:
    """`text` as a source's name in the warehouse.

    Raises:
        ConfigurationError: it cannot be one.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", text or "") or text == EXCHANGE_RATES:
        raise ConfigurationError(
            f"{text!r} cannot name the source of orders: small letters, digits and underscores, "
            f"beginning with a letter, and not {EXCHANGE_RATES}"
        )
    return text


def days(params: Mapping[str, Any]) -> tuple[date, date]:
    """The form's first and last day, the latter included.

    Raises:
        ConfigurationError: no dates, or the last day lies before the first.
    """
    try:
        first = date.fromisoformat(params.get("first_day") or FIRST_DAY.isoformat())
        last = date.fromisoformat(params.get("last_day") or LAST_DAY.isoformat())
    except ValueError as error:
        raise ConfigurationError(f"first_day and last_day are days like 2019-01-31: {error}") from None
    if last < first:
        raise ConfigurationError(f"last_day {last} lies before first_day {first}")
    return first, last


def _reading(facts: Mapping[str, Any]) -> Any:
    from ecommerce.sales.history.reading import Reading

    return Reading(
        facts["source"], datetime.fromisoformat(facts["read_at"]), date.fromisoformat(facts["run_day"])
    )
