"""The texts of a report, ready to print: PDF, mail and page take them from here."""
