"""From frames and files to numbers: every result is a frozen dataclass with documented units."""
