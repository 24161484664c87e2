{% if stored["forgotten_hashes"] %}
-- Orders of forgotten customers that this load is the first to read: web events of them may follow.
INSERT INTO {{ table("forgotten_hashes") }} (forgotten_hash)
SELECT arriving.forgotten_hash
FROM {{ staged("forgotten_hashes") }} AS arriving
WHERE arriving.forgotten_hash NOT IN (SELECT known.forgotten_hash FROM {{ table("forgotten_hashes") }} AS known);
{% endif %}
