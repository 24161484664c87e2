"""Shared helpers of the e-commerce pipelines: an ordinary package, importable without a running Airflow."""
