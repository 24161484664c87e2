"""Mails and chat messages: delivery, and alerts about failed tasks. It knows no domain."""
