"""The four sources of the daily run: one module each; its `extract` publishes a raw staging folder."""
