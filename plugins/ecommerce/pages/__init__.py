"""The pages inside the Airflow UI: *Sales reports*, *Data quality* and *Forecast*.

`plugins/report_pages_plugin.py` mounts one application; other processes than the API server import only
`navigation` of it. A page is a module of `views` with a `router`; it turns figures into texts
for a template of include/templates/pages. `access` decides who may see it, `runs` asks Airflow, and
`warehouse_queries` the warehouse.
"""
