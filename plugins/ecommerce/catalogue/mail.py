"""The mail about a refreshed catalogue: to `report_recipients`, when something is different from the time
before."""

from __future__ import annotations

import hashlib
import logging
from email.message import EmailMessage
from typing import Any

from ecommerce.catalogue import summaries
from ecommerce.catalogue.summaries import MOST_LISTED, Summary
from ecommerce.core.names import VARIABLE_REPORT_RECIPIENTS
from ecommerce.core.text import clean
from ecommerce.mail import transport as mail
from ecommerce.sources.product_catalogue.source import CONNECTION
from ecommerce.storage.kept_files import Store
from ecommerce.storage.staging import DagRun, Manifest

log = logging.getLogger(__name__)


def notify(run: DagRun, manifest: Manifest, warnings: list[str], *, send_mail: bool) -> str:
    """Mail what the run found; returns why there is no mail, or nothing. A run's mail always has the same
    Message-ID.

    Args:
        run: for the Message-ID.
        manifest: of the loadable folder.
        warnings: the sentences of the checks.
        send_mail: the run's param: mail it although nothing has changed.

    Raises:
        PipelineError: the mail cannot be sent, or the run's files are gone.
    """
    summary = summaries.read(manifest)
    if not (summary.is_news or send_mail):
        return "nothing has changed in the catalogue, and send_mail is not set"
    if not (to := mail.recipients(VARIABLE_REPORT_RECIPIENTS)):
        return f"the Variable {VARIABLE_REPORT_RECIPIENTS} is empty: nobody is told"
    message = compose(summary, warnings)
    told = hashlib.sha256(f"{run.dag_id}\0{run.run_id}".encode()).hexdigest()[:24]
    message["Message-ID"] = mail.message_id(f"catalogue.{told}")
    mail.send(message, to)
    return ""


def compose(summary: Summary, warnings: list[str]) -> EmailMessage:
    """The mail without its addresses: text, and HTML with the new pictures in it."""
    store = Store.of_pictures()
    pictures = []
    for number, shown in enumerate(summary.shown):
        data = store.read(shown.thumbnail_uri.removeprefix(f"{store.uri}/"))
        if data:  # somebody may have cleared up
            pictures.append((f"picture-{number}@{CONNECTION}", clean(shown.sku), clean(shown.name, 80), data))
    return mail.compose(
        subject(summary),
        "catalogue_mail",
        texts(summary, warnings, pictures),
        [mail.Picture(cid, data) for cid, _, _, data in pictures],
    )


def subject(summary: Summary) -> str:
    """`Product catalogue: 3 new, 1 gone`; where most pictures are broken, that instead."""
    if summary.most_are_broken:
        return f"Product catalogue: {len(summary.broken)} of {summary.pictures} pictures are broken"
    said = [f"{count} {word}" for word, count in summary.counts.items() if count]
    return f"Product catalogue: {', '.join(said) or 'nothing has changed'}"


def texts(
    summary: Summary, warnings: list[str], pictures: list[tuple[str, str, str, bytes]]
) -> dict[str, Any]:
    """What the templates say. Texts of the catalogue are harmless in any layout; the templates escape
    them."""
    return {
        "subject": subject(summary),
        "warning": summary.most_are_broken,
        "products": summary.products,
        "tiles": [{"label": word, "value": count} for word, count in summary.counts.items()],
        "pictures": [{"cid": cid, "sku": sku, "name": name} for cid, sku, name, _ in pictures],
        "more_pictures": summary.more_pictures,
        "lists": [
            {"title": title, "lines": lines[:MOST_LISTED], "more": max(len(lines) - MOST_LISTED, 0)}
            for title, lines in (
                ("New", [clean(sku) for sku in summary.new]),
                ("Changed", [clean(sku) for sku in summary.changed]),
                ("Gone from the catalogue (their pictures stay)", [clean(sku) for sku in summary.gone]),
                ("Rejected entries (table rejected_rows)", [clean(each) for each in summary.rejected]),
            )
            if lines
        ],
        "broken": [
            [clean(each.sku), clean(each.host) or "no host", each.reason]
            for each in summary.broken[:MOST_LISTED]
        ],
        "more_broken": max(len(summary.broken) - MOST_LISTED, 0),
        "warnings": [clean(each) for each in warnings],
    }
