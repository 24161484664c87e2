-- Writes one slice of the response as one part of the raw folder: every kept line, its values as text.
--
-- `lines`: line_number, line, fault (found before parsing the JSON). Of a repeated key the first value counts.
COPY (
  WITH
  parsed AS (
    SELECT line_number, line, fault, CASE WHEN fault IS NULL THEN try(texts_of(line)) END AS texts
    FROM lines
  ),

  repaired AS (
    SELECT *, CASE WHEN texts IS NULL AND fault IS NULL THEN without_half_characters(line) END AS repaired
    FROM parsed
  ),

  objects AS (
    SELECT
      line_number, fault, line AS sent, coalesce(repaired, line) AS line,
      CASE WHEN repaired IS NOT NULL THEN try(texts_of(repaired)) ELSE texts END AS texts
    FROM repaired
  ),

  records AS (
    SELECT
      line_number, fault, sent, line,
      -- Only objects have an event_id; the type of the others alone is looked up: 8 % less processor time.
      CASE WHEN texts.event_id IS NOT NULL THEN texts WHEN try(json_type(line)) = 'OBJECT' THEN texts END AS texts
    FROM objects
  ),

  events AS (
    SELECT
      line_number,
      number_as_sent(texts.event_id, 'event_id', line) AS event_id,
      texts.occurred_at,
      texts.received_at,
      number_as_sent(texts.session_id, 'session_id', line) AS session_id,
      number_as_sent(texts.visitor_id, 'visitor_id', line) AS visitor_id,
      texts.event_type,
      number_as_sent(texts.sku, 'sku', line) AS sku,
      number_as_sent(texts.order_id, 'order_id', line) AS order_id,
      texts.device,
      texts.referrer,
      texts.user_agent,
      CASE WHEN texts IS NULL THEN coalesce(fault, 'not_json') END AS fault,
      CASE WHEN texts IS NULL THEN left(rtrim(sent, E'\r\n'), 1000) END AS raw
    FROM records
  )

  FROM events
  WHERE is_kept(occurred_at, received_at)
) TO (getvariable('part')) (
  FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 61440, PARQUET_VERSION v2
);
