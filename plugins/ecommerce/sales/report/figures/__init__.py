"""The figures of a report: one module for each group, with its model and its queries."""
