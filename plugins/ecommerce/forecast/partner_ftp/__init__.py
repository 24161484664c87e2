"""The source `partner_ftp`: promotions and a market index from the partner's FTP server."""
