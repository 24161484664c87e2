"""The programs of the demo company; tests start each of them alone."""
