"""What is known of business days: completeness, rejected rows, restated figures, corrections and targets.

Reports and pages read it; it reads none of them.
"""
