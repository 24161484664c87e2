SELECT forgotten_hash
FROM `sales.forgotten_hashes`;
