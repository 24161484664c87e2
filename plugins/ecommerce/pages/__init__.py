"""The pages inside the Airflow UI: *Sales reports*, *Data quality* and *Forecast*.

One application, mounted by `plugins/report_pages_plugin.py`. `lazy` is all that other processes than the API
server import of it. A page is a module that has a `router` and makes plain texts for a template of
include/templates/pages; `access` says who may see it, `runs` asks Airflow, `asking` the warehouse.
"""
