"""Mails: how they leave, and the ones about failures; the same words in a chat. It knows no domain."""
