"""The archive of forecasts, `<REPORTS_URI>/forecasts/<as of>/`, next to the daily reports' folders, and its
mails: the report to `report_recipients`, drift to `alert_recipients`. The same figures of a day always have
the same Message-ID."""

import logging
from collections.abc import Sequence
from email.message import EmailMessage
from functools import partial
from pathlib import Path

from ecommerce.core.business_day import day_window
from ecommerce.core.values import Json, Values
from ecommerce.forecast.report import charts
from ecommerce.forecast.report.figures import ForecastFigures, figures_csv, figures_hash
from ecommerce.forecast.report.view import mail_texts, page_texts
from ecommerce.forecast.weeks import HORIZON
from ecommerce.mail import transport as mail
from ecommerce.reporting.typesetting import draw, typeset
from ecommerce.storage.report_archive import PREVIEW, Archive, media_types

log = logging.getLogger(__name__)

PDF = "forecast.pdf"
FILES = media_types(PDF, charts.SVG, charts.NARROW_SVG)
"""The files of a forecast's folder that pages serve, with media types."""
_CHART_CID = "forecast-chart@forecast"


def write_document(figures: ForecastFigures, folder: Path) -> None:
    """Write the PDF, the picture of its page one and the charts into `folder`. The same figures give the same
    bytes: the PDF's date is `provenance.generated_at`."""
    texts = page_texts(figures)
    typeset(
        "forecast.typ",
        texts,
        {},
        pdf=folder / PDF,
        preview=folder / PREVIEW,
        made_at=figures.provenance.generated_at,
    )
    wide = texts["chart"]
    narrow = wide | {"narrow": True}
    draw([wide, narrow | {"file": charts.NARROW_SVG}], folder)
    # The mail's picture is the narrow one: the wide one cannot be read on a phone.
    draw([narrow], folder, png_dpi=charts.PNG_DPI)


ARCHIVE = Archive(
    ForecastFigures,
    FILES,
    source="forecast_report",
    folder="forecasts",
)


def publish(reports_uri: str, figures: ForecastFigures) -> Json:
    """Write the report into the archive. Return plain JSON for the mails: the folder's `uri`, `as_of`,
    `figures_hash`, `drift` (reasons)."""
    uri = ARCHIVE.folder_of(reports_uri, figures.as_of)
    digest = figures_hash(figures)
    first = day_window(figures.as_of, figures.provenance.timezone)
    ARCHIVE.publish(
        uri,
        figures,
        csv=figures_csv(figures),
        mail={"figures_hash": digest, "texts": mail_texts(figures)},
        write=partial(write_document, figures),
        business_date=first.shifted(-1).date,
        read_at=figures.provenance.generated_at,
        window_start=first.start,
        window_end=first.shifted(HORIZON - 1).end,
    )
    log.info("the forecast of %s is at %s", figures.as_of, uri)
    return {
        "uri": uri,
        "as_of": figures.as_of.isoformat(),
        "figures_hash": digest,
        "drift": figures.drift.reasons,
    }


def send_report(report: Json) -> str:
    """Mail the report that `publish` returned; return why not, or an empty text."""
    uri = report["uri"]
    digest = report["figures_hash"]

    def message() -> EmailMessage:
        pdf = ARCHIVE.read(uri, PDF)
        chart = ARCHIVE.read(uri, charts.PNG)
        # The last file, because another run may replace the report between two reads.
        texts = ARCHIVE.read_mail(uri, digest)["texts"]
        return report_message(texts, pdf, chart)

    # A part of the hash, so that the header is not folded.
    return mail.send_report(message, f"forecast.{report['as_of']}.{digest[:16]}")


def send_alarm(report: Json) -> str:
    """Notify `alert_recipients` and the chat of drift; return why not, or an empty text."""
    as_of = report["as_of"]
    reasons = report["drift"]
    if not reasons:
        return "the forecast does not drift, or too few days are scored"
    message = alarm_message(as_of, reasons)
    return mail.send_alert(message, f"drift.{as_of}.{report['figures_hash'][:16]}")


def report_message(
    texts: Values,
    pdf: bytes,
    chart: bytes,
) -> EmailMessage:
    """Compose the report's mail without its addresses: with the chart, a PNG, in the HTML, and the PDF
    attached. `texts` as in `mail_texts`."""
    subject = texts["subject"]
    message = mail.compose(subject, "forecast_mail", texts, chart, _CHART_CID)
    mail.attach_pdf(message, pdf, f"sales-forecast-{texts['day']}.pdf")
    return message


def alarm_message(as_of: str, reasons: Sequence[str]) -> EmailMessage:
    """Compose the drift mail without its addresses; `reasons` are sentences."""
    subject = f"Drift: the sales forecast as of {as_of}"
    return mail.compose(subject, "drift_mail", {"as_of": as_of, "reasons": reasons})
