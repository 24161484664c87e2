"""What everything else stands on; it imports nothing of this package but itself."""
