"""Mails: how they leave, and the ones about failures. It knows no domain."""
