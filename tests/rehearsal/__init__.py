"""`make test-bigquery PROJECT=…`: the rehearsal of a shop on the real BigQuery, before it goes live.

It makes a dataset with a random name and its staging dataset, lets a small shop trade there through the real
code, compares the rows of every query with the emulator's, meets every pair of loads at once, and deletes all
of it. The same steps run against the emulator in a nightly test.
"""
