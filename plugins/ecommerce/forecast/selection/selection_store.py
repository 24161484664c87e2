"""The steps of a selection and their files: figures in staging, and the champion's record for good."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from ecommerce.core.business_day import day_window, shop_day
from ecommerce.core.errors import ConfigurationError, StagingError
from ecommerce.core.settings import shop_timezone
from ecommerce.forecast.data import dataset
from ecommerce.forecast.models import registry
from ecommerce.forecast.selection.backtest import BackTest, back_test
from ecommerce.forecast.selection.champion_rule import Choice, choose
from ecommerce.forecast.selection.score_chart import draw
from ecommerce.forecast.weeks import parse_date
from ecommerce.storage.kept_files import Store
from ecommerce.storage.staging import DagRun, Manifest, publish, read_manifest, storage_errors, storage_path
from ecommerce.storage.xcom import from_xcom, to_xcom

FIGURES, RECORD, PICTURE = "figures.json", "record.json", "scores.png"
TESTED, SELECTED = "tested", "selected"


@dataclass(frozen=True, slots=True)
class Selection:
    """A stored selection: the record's name (`version`), the choice, and the back-test."""

    version: str
    choice: Choice
    test: BackTest


def as_of_run(as_of: str | None, run_after: datetime) -> date:
    """Return the day before which a run's data ends.

    Args:
        as_of: the run's param; None for the day of the run.
        run_after: when the run was due; an aware instant.

    Raises:
        ConfigurationError: the param is not a date, or is in the future.
    """
    today = shop_day(run_after, shop_timezone()).date
    if not as_of:
        return today
    day = parse_date(as_of)
    if day > today:
        raise ConfigurationError(f"{day} is in the future in {shop_timezone()}: today is {today}")
    return day


def prepare(run: DagRun, as_of: date) -> Manifest:
    """Write the history before `as_of` to staging, with the promotions known to earlier forecasts.

    Raises:
        NoHistory: there are no sales.
        PipelineError: the warehouse is unavailable, or the files cannot be written.
    """
    return dataset.write(run, as_of, registry.announced(Store.of_models(), as_of))


def test(run: DagRun, prepared: Manifest) -> Manifest:
    """Back-test every candidate on the prepared history, and write the figures to staging.

    Raises:
        StagingError: the files cannot be read or written.
    """
    tested = back_test(dataset.read_prepared(prepared).panels())
    return _write(run, tested, TESTED, {FIGURES: _json(to_xcom(tested))})


def select(run: DagRun, tested: Manifest) -> Manifest:
    """Choose the champion and store its record; write what the mail needs to staging, and the record's name
    to `control_totals`. The same figures give the same record.

    Raises:
        StagingError: the files cannot be read or written.
    """
    store, figures = Store.of_models(), from_xcom(BackTest, json.loads(_read(tested, FIGURES)))
    # The champion of the day before: a repeated run starts from where the first one did.
    choice = choose(figures, registry.champion(store, figures.as_of - timedelta(days=1)).name)
    record = {**to_xcom(choice), **to_xcom(figures)}
    version = registry.keep(store, registry.CHAMPIONS, figures.as_of, record)
    files = {
        RECORD: _json(to_xcom(Selection(version, choice, figures))),
        PICTURE: draw(figures.scores, choice.champion),
    }
    totals = {"champion": choice.champion, "version": version}
    return _write(run, figures, SELECTED, files, control_totals=totals)


def read(manifest: Manifest) -> tuple[Selection, bytes]:
    """Return the selection that `select` wrote, and its chart (PNG).

    Raises:
        StagingError: it is gone.
    """
    return from_xcom(Selection, json.loads(_read(manifest, RECORD))), _read(manifest, PICTURE)


def _write(run: DagRun, figures: BackTest, step: str, files: dict[str, bytes], **facts: Any) -> Manifest:
    day = day_window(figures.as_of, shop_timezone()).shifted(-1)
    uri = run.folder(figures.as_of, step)
    with publish(uri) as draft:
        for name, data in files.items():
            (draft.path / name).write_bytes(data)
        draft.seal(
            source=step,
            business_date=day.date,
            rows=len(figures.scores),
            columns={name: [] for name in files},
            read_at=day.end,
            window_start=day.start,
            window_end=day.end,
            **facts,
        )
    return read_manifest(uri)


def _read(manifest: Manifest, name: str) -> bytes:
    with storage_errors(manifest.uri):
        try:
            return bytes((storage_path(manifest.uri) / name).read_bytes())
        except FileNotFoundError:
            raise StagingError(
                f"{manifest.uri} has expired: clear the task `prepare` with downstream"
            ) from None


def _json(content: Any) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
