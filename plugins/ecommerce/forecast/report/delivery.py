"""The forecast's mails: the report to `report_recipients`, drift alerts to `alert_recipients`. The same
figures, or reasons, of a day always have the same Message-ID."""

import hashlib
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from typing import Any

from ecommerce.core.text import in_report_locale
from ecommerce.forecast.report import archive, charts
from ecommerce.forecast.report.figures import ForecastFigures
from ecommerce.forecast.report.view import mail_texts
from ecommerce.mail import transport as mail

_CHART_CID = "forecast-chart@forecast"


def send_report(archived: Mapping[str, Any]) -> str:
    """Mail the archived report that `archive.publish` returned; return why not, or an empty text."""
    uri, digest = archived["uri"], archived["figures_hash"]
    figures = archive.read_figures(uri, digest)
    message = report_message(figures, archive.read(uri, archive.PDF), archive.read(uri, charts.PNG))
    # A part of the hash, so that the header is not folded.
    return mail.send_report(message, f"forecast.{archived['as_of']}.{digest[:16]}")


def send_alarm(archived: Mapping[str, Any]) -> str:
    """Notify `alert_recipients` and the chat of drift; return why not, or an empty text."""
    if not (reasons := archived["drift"]):
        return "the forecast does not drift, or too few days are scored"
    digest = hashlib.sha256("\0".join(reasons).encode()).hexdigest()[:16]
    return mail.send_alert(alarm_message(archived["as_of"], reasons), f"drift.{archived['as_of']}.{digest}")


@in_report_locale
def report_message(figures: ForecastFigures, pdf: bytes, chart: bytes) -> EmailMessage:
    """Compose the report's mail without its addresses: with the chart, a PNG, in the HTML, and the PDF
    attached."""
    texts = mail_texts(figures) | {"chart_cid": _CHART_CID}
    message = mail.compose(texts["subject"], "forecast_mail", texts, [mail.InlineImage(_CHART_CID, chart)])
    name = f"sales-forecast-{figures.as_of}.pdf"
    message.add_attachment(pdf, maintype="application", subtype="pdf", filename=name)
    return message


def alarm_message(as_of: str, reasons: Sequence[str]) -> EmailMessage:
    """Compose the drift mail without its addresses; `reasons` are sentences."""
    texts = {"as_of": as_of, "reasons": reasons}
    return mail.compose(f"Drift: the sales forecast as of {as_of}", "drift_mail", texts)
