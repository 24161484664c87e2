"""How PDF documents and their drawings are made, so that all look alike. It knows no domain."""
