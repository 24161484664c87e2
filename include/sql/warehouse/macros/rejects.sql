{#
  Whether a rejected record, a row of `stored`, is deleted: only those of the latest read of each order and file are kept. Deleted are
   - records that an earlier run of the day, or of one of the days, rejected, when their order was read again or they belong to no order;
   - records that a run of another day rejected, when nothing of their order is rejected any more;
   - records of a delivered file, only when the file is read again, on whatever day;
   - records of an export, which may be loaded in parts, only in files with rejects of this load;
   - records of an earlier load of this run, unless a file was loaded that a repair does not read again.
#}
{% macro is_old() -%}
(
        (
            (
                stored.source IN (
                    SELECT source FROM `sales_staging.load_audit`
                    WHERE status = 'success'
                )
                OR (
                    stored.source IN (
                        SELECT source FROM `sales_staging.load_audit`
                        WHERE status = 'history'
                    )
                    AND stored.file IN (SELECT file FROM `sales_staging.rejected_rows`)
                )
            )
            AND (
                stored.file IN (SELECT file FROM `sales_staging.loaded_files`)
                OR (
                    COALESCE(
                        stored.row_number = 0 OR stored.file NOT IN (SELECT file FROM `sales.loaded_files`), TRUE
                    )
                    AND (
                        CONCAT(stored.source, ' ', stored.order_id) IN (
                            SELECT CONCAT(versions.source, ' ', versions.order_id)
                            FROM `sales_staging.order_versions` AS versions
                            LEFT JOIN `sales_staging.rejected_rows` AS rejected
                                ON versions.source = rejected.source
                                AND versions.order_id = rejected.order_id
                            WHERE rejected.order_id IS NULL
                        )
                        OR (
                            stored.business_date BETWEEN {{ business_date }} AND {{ last_day }}
                            AND (
                                stored.order_id IS NULL
                                OR CONCAT(stored.source, ' ', stored.order_id) IN (
                                    SELECT CONCAT(source, ' ', order_id) FROM `sales_staging.rejected_rows`
                                    WHERE order_id IS NOT NULL
                                )
                            )
                        )
                    )
                )
            )
        )
        OR (
            stored.business_date BETWEEN {{ business_date }} AND {{ last_day }}
            AND stored.run_id IN (SELECT run_id FROM `sales_staging.load_audit`)
            AND stored.source IN (SELECT source FROM `sales_staging.load_audit`)
            AND (
                stored.row_number = 0
                OR stored.file IN (SELECT file FROM `sales_staging.loaded_files`)
                OR COALESCE(stored.file NOT IN (SELECT file FROM `sales.loaded_files`), TRUE)
            )
        )
    )
{%- endmacro %}
