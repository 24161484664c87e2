"""Commands for the person who operates the pipeline: they speak to a running Airflow through its REST API."""
