"""The mail about changes of the product catalogue, to `report_recipients`."""

from __future__ import annotations

import hashlib
from email.message import EmailMessage
from typing import Any

from ecommerce.catalogue.summaries import MAX_LISTED, Summary, read_summary
from ecommerce.core.data_warnings import DataWarning, sentence
from ecommerce.core.names import VARIABLE_REPORT_RECIPIENTS
from ecommerce.core.text import clean
from ecommerce.mail import transport
from ecommerce.sources.product_catalogue.source import CONNECTION
from ecommerce.storage.kept_files import Store
from ecommerce.storage.staging import DagRun, Manifest


def notify(run: DagRun, manifest: Manifest, warnings: list[DataWarning], *, send_mail: bool) -> str:
    """Mail the changes that a run found, always with the same Message-ID.

    Args:
        run: determines the Message-ID.
        manifest: of the loadable folder.
        warnings: of the checks.
        send_mail: the run's param: also mail if nothing has changed.

    Returns:
        Why there is no mail; empty otherwise.

    Raises:
        PipelineError: the mail cannot be sent, or the run's files are gone.
    """
    summary = read_summary(manifest)
    if not (summary.is_news or send_mail):
        return "the catalogue has not changed, and send_mail is not set"
    if not (to := transport.recipients(VARIABLE_REPORT_RECIPIENTS)):
        return f"the Variable {VARIABLE_REPORT_RECIPIENTS} is empty"
    message = compose(summary, warnings)
    fingerprint = hashlib.sha256(f"{run.dag_id}\0{run.run_id}".encode()).hexdigest()[:24]
    message["Message-ID"] = transport.message_id(f"catalogue.{fingerprint}")
    transport.send(message, to)
    return ""


def compose(summary: Summary, warnings: list[DataWarning]) -> EmailMessage:
    """Return the mail without its addresses: text, and HTML with the new pictures."""
    store = Store.of_pictures()
    pictures = []
    for number, shown in enumerate(summary.shown):
        data = store.read(shown.thumbnail_uri.removeprefix(f"{store.uri}/"))
        if data:  # it may have been deleted
            pictures.append((f"picture-{number}@{CONNECTION}", clean(shown.sku), clean(shown.name, 80), data))
    return transport.compose(
        subject(summary),
        "catalogue_mail",
        texts(summary, warnings, pictures),
        [transport.InlineImage(cid, data) for cid, _, _, data in pictures],
    )


def subject(summary: Summary) -> str:
    """Return `Product catalogue: 3 new, 1 gone`, or the number of broken pictures if most are broken."""
    if summary.most_are_broken:
        return f"Product catalogue: {len(summary.broken)} of {summary.pictures} pictures are broken"
    counts = [f"{count} {name}" for name, count in summary.counts.items() if count]
    return f"Product catalogue: {', '.join(counts) or 'no changes'}"


def texts(
    summary: Summary, warnings: list[DataWarning], pictures: list[tuple[str, str, str, bytes]]
) -> dict[str, Any]:
    """Return the variables of the templates, which escape them.

    Args:
        summary: of the run.
        warnings: of the checks.
        pictures: content id, SKU, name and content of each new picture.
    """
    lists = {
        "New": summary.new,
        "Changed": summary.changed,
        "Gone from the catalogue (their pictures stay)": summary.gone,
        "Rejected entries (table rejected_rows)": summary.rejected,
    }
    return {
        "subject": subject(summary),
        "warning": summary.most_are_broken,
        "products": summary.products,
        "tiles": [{"label": name, "value": count} for name, count in summary.counts.items()],
        "pictures": [{"cid": cid, "sku": sku, "name": name} for cid, sku, name, _ in pictures],
        "more_pictures": summary.more_pictures,
        "lists": [
            {
                "title": title,
                "lines": [clean(each) for each in entries[:MAX_LISTED]],
                "more": max(len(entries) - MAX_LISTED, 0),
            }
            for title, entries in lists.items()
            if entries
        ],
        "broken": [
            [clean(each.sku), clean(each.host) or "no host", each.reason]
            for each in summary.broken[:MAX_LISTED]
        ],
        "more_broken": max(len(summary.broken) - MAX_LISTED, 0),
        "warnings": [clean(sentence(each)) for each in warnings],
    }
