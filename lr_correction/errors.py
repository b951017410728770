"""Exceptions of `lr_correction`: bad input is reported in one line, bugs stay tracebacks."""


class LongRangeError(Exception):
    """Base of every error that `lr_correction` raises for bad input; its message is one line that names the remedy."""


class ModelError(LongRangeError):
    """A model file cannot be read, is of a kind that is not supported, or does not fit the request."""


class DataError(LongRangeError):
    """A frame or its labels cannot be used."""


class SettingsError(LongRangeError):
    """An argument is out of its range, or arguments contradict each other."""
