"""Families of things chosen by name: formats, selectors, labellers, engines, plots."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Generic, TypeVar

from nepkit.core.errors import UnknownNameError, did_you_mean

T = TypeVar("T")


class Registry(Generic[T]):
    """A mapping from name to object, where an object may be an import path loaded on first use.

    Parameters
    ----------
    kind : str
        What the entries are, in the singular; it begins the message about an unknown name.
    entries : mapping of str to str, optional
        Names and import paths ``"package.module:attribute"``.

    Examples
    --------
    >>> formats = Registry("format", {"path": "pathlib:PurePath"})
    >>> formats["path"].__name__
    'PurePath'
    >>> @formats.register("upper")
    ... def upper(text):
    ...     return text.upper()
    >>> sorted(formats)
    ['path', 'upper']
    """

    def __init__(self, kind: str, entries: Mapping[str, str] | None = None) -> None:
        self.kind = kind
        self._lazy: dict[str, str] = dict(entries or {})
        self._loaded: dict[str, T] = {}

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that enters its object under a name; a name can be taken only once."""
        if name in self:
            raise ValueError(f"{self.kind} {name!r} is registered twice")

        def enter(item: T) -> T:
            self._loaded[name] = item
            return item

        return enter

    def register_path(self, name: str, path: str) -> None:
        """Enter an import path ``"package.module:attribute"`` under a name."""
        if name in self:
            raise ValueError(f"{self.kind} {name!r} is registered twice")
        self._lazy[name] = path

    def __getitem__(self, name: str) -> T:
        if name not in self._loaded:
            if name not in self._lazy:
                raise UnknownNameError(f"unknown {self.kind} {name!r}: {did_you_mean(name, self)}")
            module, _, attribute = self._lazy[name].partition(":")
            self._loaded[name] = getattr(import_module(module), attribute)
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self._loaded or name in self._lazy

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._lazy, *self._loaded}))

    def __len__(self) -> int:
        return len({*self._lazy, *self._loaded})
