"""The weekly forecast's report: figures, charts, PDF, archive and mail."""
