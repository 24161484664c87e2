"""Where the pages are mounted in the Airflow UI, and the entries of its navigation."""

PREFIX = "/sales-reports"
"""The URL prefix of the application. Mails link to addresses below it."""
NAVIGATION = (
    ("Sales reports", "", "sales-reports"),
    ("Data quality", "quality/", "data-quality"),
    ("Forecast", "forecast/", "sales-forecast"),
)
"""The entries of Airflow's navigation: name, path below `PREFIX`, and the UI's route to its frame."""
