"""Exceptions of `lr_correction`: bad input is reported in one line, bugs stay tracebacks."""


class LongRangeError(Exception):
    """Base of every error that `lr_correction` raises for bad input; its message is one line that names the remedy."""


class ModelError(LongRangeError):
    """A model file cannot be read, is of a kind that is not supported, or does not fit the request."""


class DataError(LongRangeError):
    """A frame or its labels cannot be used.

    Parameters
    ----------
    reason : str
        What is wrong with it.
    index : int, optional
        Which frame, the first is 0, where it is one of several.

    Examples
    --------
    >>> error = DataError("no atoms", 2)
    >>> str(error), error.reason, error.index
    ('frame 3: no atoms', 'no atoms', 2)
    """

    def __init__(self, reason: str, index: int | None = None, what: str = "frame") -> None:
        super().__init__(reason if index is None else f"{what} {index + 1}: {reason}")
        self.reason, self.index = reason, index

    def __reduce__(self) -> tuple[object, ...]:
        """Cross processes whole."""
        return _data_error, (type(self), self.args, self.reason, self.index)


class SettingsError(LongRangeError):
    """An argument is out of its range, or arguments contradict each other."""


def _data_error(kind: type[DataError], args: tuple[str, ...], reason: str, index: int | None) -> DataError:
    error = kind(reason, index)
    error.args = args
    return error
