"""Values and lives as Python source that gives them again."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

Imports = set[tuple[str, str]]
"""Modules and the names taken from them."""
_PLAIN = (bool, int, float, str, bytes, type(None))


def source(value: Any, imports: Imports) -> str:
    """An expression that evaluates to the value, and what it needs imported.

    Raises:
        TypeError: no expression is known for a value of this type.
    """
    kind = type(value)
    if kind in _PLAIN:
        return repr(value)
    if isinstance(value, Enum):
        return f"{_named(kind, imports)}.{value.name}"
    if is_dataclass(kind):
        set_ = [field for field in fields(value) if field.init and getattr(value, field.name) != field.default]
        parts = ((field.name, getattr(value, field.name)) for field in set_)
        return f"{_named(kind, imports)}({_arguments(parts, imports)})"
    if names := getattr(kind, "_fields", None):
        return f"{_named(kind, imports)}({_arguments(zip(names, value, strict=True), imports)})"
    if kind is dict:
        return "{" + ", ".join(f"{source(k, imports)}: {source(v, imports)}" for k, v in value.items()) + "}"
    if kind in (list, tuple, set, frozenset):
        # Sets of one value in one order, so that a test reads the same each time it is found.
        items = [source(item, imports) for item in value]
        joined = ", ".join(sorted(items) if kind in (set, frozenset) else items)
        if kind is tuple:
            return f"({joined},)" if len(items) == 1 else f"({joined})"
        if kind is list:
            return f"[{joined}]"
        return f"{kind.__name__}({{{joined}}})" if items else f"{kind.__name__}()"
    raise TypeError(f"no source for {value!r}, of type {kind.__module__}.{kind.__qualname__}")


def _arguments(values: Iterable[tuple[str, Any]], imports: Imports) -> str:
    return ", ".join(f"{name}={source(value, imports)}" for name, value in values)


def _named(kind: type, imports: Imports) -> str:
    """The name of a class that can be imported."""
    if not _importable(kind):
        raise TypeError(f"{kind.__module__}.{kind.__qualname__} cannot be imported")
    imports.add((kind.__module__, kind.__name__))
    return kind.__name__


def _importable(kind: type) -> bool:
    return getattr(importlib.import_module(kind.__module__), kind.__name__, None) is kind


def regression(machine: Any, steps: Sequence[tuple[str, dict[str, Any]]], failure: BaseException) -> str:
    """A test module that repeats a life of the machine, a class, whatever it was made of on the way."""
    known = next(kind for kind in machine.__mro__ if _importable(kind))
    imports: Imports = {("assurance.harness.machines.base", "living")}
    name = _named(known, imports)
    traits = [(t, getattr(machine, t)) for t in machine.traits if getattr(machine, t) != getattr(known, t)]
    given = _arguments(traits, imports)
    body = [f"state.{rule}({_arguments(arguments.items(), imports)})" for rule, arguments in steps]
    title = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", known.__name__).lower()
    last = steps[-1][0]
    lines = [
        "from __future__ import annotations",
        "",
        *(f"from {module} import {what}" for module, what in sorted(imports)),
        "",
        "",
        f"def test_regression__{title}_after_{last}__holds() -> None:",
        f'    """{_summary(failure)}"""',
        f"    with living({', '.join(filter(None, (name, given)))}) as state:",
        *(f"        {line}" for line in body),
    ]
    return "\n".join(lines) + "\n"


def _summary(failure: BaseException) -> str:
    """One line of what went wrong, fit for a docstring."""
    while isinstance(failure, BaseExceptionGroup):
        failure = failure.exceptions[0]
    message = next(iter(str(failure).splitlines()), "").replace("\\", "/").replace('"', "'")
    return f"{type(failure).__name__}: {message}"[:100].rstrip(": ") + "."
