"""One file per program or format."""
