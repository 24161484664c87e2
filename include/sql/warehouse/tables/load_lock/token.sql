SELECT
    COALESCE(MAX(token), 'none') AS token,
    COUNT(*) AS entries
FROM {{ table("load_lock") }};
