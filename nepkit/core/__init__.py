"""What every room stands on: conventions, errors, safe writing, tables, progress, numbers with errors."""
