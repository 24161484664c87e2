SELECT forgotten_hash
FROM {{ table("forgotten_hashes") }};
