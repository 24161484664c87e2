"""The programs of the demo company, each startable alone: tests start only what they need."""
