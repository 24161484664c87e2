"""What the steps of a selection leave: figures in staging, and the record of the champion for good."""

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
from ecommerce.forecast.selection.champion_rule import choose
from ecommerce.forecast.selection.score_chart import draw
from ecommerce.storage.kept_files import Store
from ecommerce.storage.staging import DagRun, Manifest, publish, read_manifest, storage_errors, storage_path
from ecommerce.storage.xcom import from_xcom, to_xcom

FIGURES, RECORD, PICTURE = "figures.json", "record.json", "scores.png"
TESTED, SELECTED = "tested", "selected"


@dataclass(frozen=True, slots=True)
class Selected:
    """A selection as it was kept: `version` names the record, `has_changed` whether another candidate was
    champion before, `why` is one sentence."""

    version: str
    champion: str
    previous: str
    why: str
    test: BackTest

    @property
    def has_changed(self) -> bool:
        """Whether another candidate is trained from now on."""
        return self.champion != self.previous


def as_of_run(given: str | None, run_after: datetime) -> date:
    """The day before which a run looks at everything, and at nothing later.

    Args:
        given: the run's param `as_of`; None for the day of the run.
        run_after: when the run was due; an aware instant.

    Raises:
        ConfigurationError: what is given is no date, or has not come yet.
    """
    today = shop_day(run_after, shop_timezone()).date
    if not given:
        return today
    try:
        asked = date.fromisoformat(given)
    except ValueError:
        raise ConfigurationError(f"{given!r} is not a date like 2026-12-06") from None
    if asked > today:
        raise ConfigurationError(f"{asked} has not come yet in {shop_timezone()}: today is {today}")
    return asked


def prepare(run: DagRun, as_of: date) -> Manifest:
    """Leave what is known before `as_of` in staging, with the promotions that were known to the forecasts
    before.

    Raises:
        NoHistory: there are no sales.
        PipelineError: the warehouse cannot be asked, or the files not be written.
    """
    return dataset.leave(run, as_of, registry.announced(Store.of_models(), as_of))


def test(run: DagRun, prepared: Manifest) -> Manifest:
    """Test every candidate on the history that was prepared, and leave the figures in staging.

    Raises:
        StagingError: the files cannot be read or written.
    """
    found = back_test(dataset.read(prepared))
    return _leave(run, found.as_of, TESTED, {FIGURES: _json(to_xcom(found))}, rows=len(found.scores))


def select(run: DagRun, tested: Manifest) -> Manifest:
    """Choose the champion by the rule and keep the choice; what the mail says stays in staging, the record's
    name in `control_totals`. Choosing again by the same figures keeps the same record.

    Raises:
        StagingError: the files cannot be read or written.
    """
    store, found = Store.of_models(), from_xcom(BackTest, json.loads(_read(tested, FIGURES)))
    # The champion of the day before: a run that is repeated starts from where it started the first time.
    choice = choose(found, registry.champion(store, found.as_of - timedelta(days=1)).name)
    content = {
        "champion": choice.champion,
        "previous": choice.previous,
        "why": choice.why,
        **to_xcom(found),
    }
    version = registry.keep(store, registry.CHAMPIONS, found.as_of, content)
    selected = Selected(version, choice.champion, choice.previous, choice.why, found)
    files = {RECORD: _json(to_xcom(selected)), PICTURE: draw(found.scores, choice.champion)}
    totals = {"champion": choice.champion, "version": version}
    return _leave(run, found.as_of, SELECTED, files, rows=len(found.scores), control_totals=totals)


def read(manifest: Manifest) -> tuple[Selected, bytes]:
    """The selection that `select` left, and its picture (PNG).

    Raises:
        StagingError: it is gone.
    """
    return from_xcom(Selected, json.loads(_read(manifest, RECORD))), _read(manifest, PICTURE)


def _leave(run: DagRun, as_of: date, step: str, files: dict[str, bytes], **facts: Any) -> Manifest:
    day = day_window(as_of, shop_timezone()).shifted(-1)
    uri = run.folder(as_of, step)
    with publish(uri) as draft:
        for name, data in files.items():
            (draft.path / name).write_bytes(data)
        draft.seal(
            source=step,
            business_date=day.date,
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
