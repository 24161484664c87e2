"""The report's figures: what the warehouse is queried for, and the structure that holds the answers."""
