-- A day's rejected records are those of its orders and files as they were read last. What an earlier run of the day
-- rejected goes when its order was read again, or when it belongs to no order; what a run of another day rejected goes
-- when nothing of its order is rejected any more. What is wrong with a delivered file stands as long as the delivery:
-- until the file is read again, on whatever day. Of an export, which may come in parts, that is so for the files of which
-- something is rejected once more.
DELETE FROM {{ table("rejected_rows") }} AS stored
WHERE
    stored.business_date >= {{ first_day }}
    AND (
        stored.source IN (
            SELECT source FROM {{ staged("load_audit") }}
            WHERE status = 'success'
        )
        OR (
            stored.source IN (
                SELECT source FROM {{ staged("load_audit") }}
                WHERE status = 'history'
            )
            AND stored.file IN (SELECT file FROM {{ staged("rejected_rows") }})
        )
    )
    AND (
        stored.file IN (SELECT file FROM {{ staged("loaded_files") }})
        OR (
            COALESCE(stored.row_number = 0 OR stored.file NOT IN (SELECT file FROM {{ table("loaded_files") }}), TRUE)
            AND (
                CONCAT(stored.source, ' ', stored.order_id) IN (
                    SELECT CONCAT(versions.source, ' ', versions.order_id)
                    FROM {{ staged("order_versions") }} AS versions
                    LEFT JOIN {{ staged("rejected_rows") }} AS rejected
                        ON versions.source = rejected.source
                        AND versions.order_id = rejected.order_id
                    WHERE rejected.order_id IS NULL
                )
                OR (
                    stored.business_date = {{ business_date }}
                    AND (
                        stored.order_id IS NULL
                        OR CONCAT(stored.source, ' ', stored.order_id) IN (
                            SELECT CONCAT(source, ' ', order_id) FROM {{ staged("rejected_rows") }}
                            WHERE order_id IS NOT NULL
                        )
                    )
                )
            )
        )
    );
