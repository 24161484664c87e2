"""What the partner publishes on its FTP server: promotions, and an index of the market."""
