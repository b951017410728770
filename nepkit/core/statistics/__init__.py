"""Numbers with errors: quantities, means over blocks and runs."""
