"""Where the pages are mounted in the Airflow UI, and the entries of its navigation."""

from ecommerce.core.parts import exists

PREFIX = "/sales-reports"
"""The URL prefix of the application. Mails link to addresses below it."""
NAVIGATION = (
    ("Sales reports", "", "sales-reports"),
    ("Data quality", "quality/", "data-quality"),
    *(
        [("Forecast", "forecast/", "sales-forecast")]
        if exists("pages.views.forecast")
        else []
    ),
)
"""The entries of Airflow's navigation: name, path below `PREFIX`, and the UI's route to its frame."""
