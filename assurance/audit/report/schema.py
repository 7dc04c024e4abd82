"""Whether a value read from JSON has the shape that a type says."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Any, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict


class Misfit(ValueError):
    """A value has another shape; the message says where, and what was expected."""


def require(value: Any, shape: Any, where: str) -> None:
    """Nothing, if the value fits: a basic type, `list`, `dict` by text, union, or `TypedDict`, nested at will.

    Keys that a `TypedDict` does not know are let through: a part may tell more than the page shows.

    Raises:
        Misfit: it does not.
    """
    origin, inner = get_origin(shape), get_args(shape)
    if origin is NotRequired:
        require(value, inner[0], where)
    elif origin in (Union, UnionType):
        if not any(_fits(value, choice, where) for choice in inner):
            raise _misfit(value, shape, where)
    elif is_typeddict(shape):
        _require_entries(value, shape, where)
    elif origin is list:
        if not isinstance(value, list):
            raise _misfit(value, shape, where)
        for number, item in enumerate(value):
            require(item, inner[0], f"{where}[{number}]")
    elif origin is dict:
        if not isinstance(value, dict):
            raise _misfit(value, shape, where)
        for key, item in value.items():
            require(item, inner[1], f"{where}.{key}")
    elif shape is None or shape is NoneType:
        if value is not None:
            raise _misfit(value, shape, where)
    elif shape is float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise _misfit(value, shape, where)
    elif shape is not Any and shape is not object and (not isinstance(value, shape) or _is_flag(value, shape)):
        raise _misfit(value, shape, where)


def _require_entries(value: Any, shape: Any, where: str) -> None:
    if not isinstance(value, dict):
        raise _misfit(value, shape, where)
    hints = get_type_hints(shape, include_extras=True)
    if missing := sorted(
        key for key, hint in hints.items() if key not in value and get_origin(hint) is not NotRequired
    ):
        raise Misfit(f"{where}: no {', '.join(missing)}")
    for key in value.keys() & hints.keys():
        require(value[key], hints[key], f"{where}.{key}")


def _fits(value: Any, shape: Any, where: str) -> bool:
    try:
        require(value, shape, where)
    except Misfit:
        return False
    return True


def _is_flag(value: Any, shape: Any) -> bool:
    return shape is int and isinstance(value, bool)


def _misfit(value: Any, shape: Any, where: str) -> Misfit:
    told = repr(value)
    name = getattr(shape, "__name__", str(shape))
    return Misfit(f"{where}: expected {name}, got {told if len(told) < 60 else told[:57] + '...'}")
