"""YAML as people write it by hand, in files and on the command line, and what they get wrong in it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Hashable, Iterable, Iterator
from typing import Any

import yaml

from datadao.errors import AccountRefused, InvalidArgument

_INT, _TIME = "tag:yaml.org,2002:int", "tag:yaml.org,2002:timestamp"


class _Loader(yaml.SafeLoader):
    """Only decimal digits are a number, so that 0x... is an address or bytes and 012 no octal number; a date stays as
    it is written. A key that stands twice is noted in `faults`, and the first one counts."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.faults: list[str] = []

    def _mapping(self, node: yaml.Node) -> dict[Any, Any]:
        # At once and not piece by piece, so that the library refuses what contains itself.
        assert isinstance(node, yaml.MappingNode)
        own = {id(key) for key, _ in node.value}
        self.flatten_mapping(node)  # `<<` gives what the mapping's own keys may replace
        made: dict[Any, Any] = {}
        lines: dict[Any, int] = {}
        for key_node, value_node in node.value:
            key, line = self.construct_object(key_node, deep=True), key_node.start_mark.line + 1
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(None, None, "a key is a list or a mapping", key_node.start_mark)
            if key in lines:
                self.faults.append(f"line {line}: {key} stands twice, first in line {lines[key]}")
                continue
            made[key] = self.construct_object(value_node, deep=True)
            if id(key_node) in own:
                lines[key] = line
        return made

    def _sequence(self, node: yaml.Node) -> list[Any]:
        assert isinstance(node, yaml.SequenceNode)
        return [self.construct_object(item, deep=True) for item in node.value]


_Loader.add_constructor("tag:yaml.org,2002:map", _Loader._mapping)
_Loader.add_constructor("tag:yaml.org,2002:seq", _Loader._sequence)
_Loader.yaml_implicit_resolvers = {
    first: [known for known in resolvers if known[0] not in (_INT, _TIME)]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_INT, re.compile(r"^-?(0|[1-9][0-9_]*)$"), list("-0123456789"))


def read(text: str, where: str) -> tuple[Any, list[str]]:
    """The value, and a sentence for each key that stands twice. Raises `InvalidArgument` for what is no YAML."""
    loader = None
    try:
        loader = _Loader(text)
        return loader.get_single_data(), [f"{where}: {fault}" for fault in loader.faults]
    except yaml.YAMLError as error:
        raise InvalidArgument(f"{where} is not YAML: {_reason(error)}") from None
    except RecursionError:
        raise InvalidArgument(f"{where} is not YAML: it is nested too deep") from None
    finally:
        if loader is not None:
            loader.dispose()


def key_faults(found: Iterable[Any], wanted: Collection[str], optional: bool = False) -> Iterator[str]:
    """What is missing and unknown among the keys of a mapping; a misspelt one is the one it is likest to."""
    found = list(found)
    unknown = [key for key in found if key not in wanted]
    missing = [] if optional else [key for key in wanted if key not in found]
    strange = []
    for key in unknown:
        free = [name for name in wanted if name not in found]
        near = difflib.get_close_matches(str(key).lower(), [name.lower() for name in free], 1, 0.75)
        if not near:
            strange.append(str(key))
            continue
        meant = next(name for name in free if name.lower() == near[0])
        yield f"unknown {key}; did you mean {meant}?"
        missing = [name for name in missing if name != meant]
    if missing:
        yield f"missing {', '.join(missing)}"
    if strange:
        yield f"unknown {', '.join(strange)}; expected {', '.join(wanted)}"


def _reason(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem:
        place = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        return f"{place}{error.problem}"
    return str(error).splitlines()[0]


def refuse_key(alias: str) -> None:
    """Raises `AccountRefused`, which does not repeat it, for what looks like a private key."""
    if len(alias.removeprefix("0x")) == 64:
        raise AccountRefused("that looks like a private key: never type one; name an account of `ape accounts list`")
