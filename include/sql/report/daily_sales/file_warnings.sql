-- What people should know of the files that runs of the day have loaded, for as long as these deliveries stand.
SELECT DISTINCT warning
FROM {{ table("loaded_files") }}
CROSS JOIN UNNEST(warnings) AS warning
WHERE business_date = {{ day }}
ORDER BY warning
