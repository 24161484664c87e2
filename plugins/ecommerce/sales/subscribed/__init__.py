"""What subscriptions get: the mails and messages of their reports, and alerts when a figure falls below a
line."""
