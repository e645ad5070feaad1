"""Reads the map in ARCHITECTURE.md and the imports of a package, and says where they disagree.

An import counts wherever it stands, in a function or for the type checker alone: a room that needs another one's types
depends on it. Only where it is asked what a room may use of the outside, imports for the type checker don't count: they
touch nothing.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

LONGEST = 400
"""Lines of a module."""

_ROW = re.compile(r"^\| *`([\w/]+(?:/|\.py))` *\|[^|\n]*\|([^|\n]*)\|$", re.MULTILINE)
_ARROW = re.compile(r"`([\w/]+)`(?: \(([^)]+)\))?")
_OUTSIDE = re.compile(r"^- `([\w/]+)` and what it stands on use of the outside only ([^:]+):", re.MULTILINE)
_DOORS = {"open", "input", "print", "__import__"}
"""Built-in functions that reach outside as an import does."""


@dataclass(frozen=True, slots=True)
class Import:
    """A module's use of another one, or of what is outside the package: the top-level name, or a function's."""

    importer: str
    imported: str
    line: int
    for_types: bool

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} uses {self.imported}"


class Package:
    """A package's modules, by their paths in it without `.py`, and what they import.

    Args:
        folder: the package's; its name is the package's.
    """

    def __init__(self, folder: Path) -> None:
        self._name = folder.name
        self.files = {path.relative_to(folder).with_suffix("").as_posix(): path for path in folder.rglob("*.py")}
        self.imports = {module: tuple(self._imports(module)) for module in sorted(self.files)}

    def inner(self) -> Iterator[Import]:
        """The imports of one module of the package by another."""
        return (each for imports in self.imports.values() for each in imports if each.imported in self.files)

    def _imports(self, module: str) -> Iterator[Import]:
        tree = ast.parse(self.files[module].read_text("utf-8"))
        for_types = {
            inner
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
            for statement in node.body
            for inner in ast.walk(statement)
        }
        for node in ast.walk(tree):
            match node:
                case ast.Import():
                    names = [alias.name for alias in node.names]
                case ast.ImportFrom():
                    assert not node.level, f"{module}:{node.lineno} has a relative import"
                    names = [f"{node.module}.{alias.name}" for alias in node.names]
                case ast.Call(func=ast.Name(id=name)) if name in _DOORS:
                    names = [name]
                case _:
                    continue
            for used in sorted({self._module(name) for name in names}):
                yield Import(module, used, node.lineno, node in for_types)

    def _module(self, name: str) -> str:
        """The module that a dotted name means or is in."""
        top, *rest = name.split(".")
        if top != self._name:
            return top
        while (path := "/".join(rest)) not in self.files and f"{path}/__init__".lstrip("/") not in self.files:
            rest.pop()
        return path if path in self.files else f"{path}/__init__".lstrip("/")


class Map:
    """What ARCHITECTURE.md says.

    Attributes:
        arrows: by room, the rooms that it may import, and of which only some modules. Rooms come in the order of the
            document. A room is a folder (`evals/runner/`, without the rooms in it) or a module (`plan.py`).
        outside: by room, the top-level modules from outside the package that it may use; rooms that may use any are not
            in it.
        names: what may be the name of several modules: a name, or a folder with `/*`.
    """

    def __init__(self, text: str) -> None:
        self.arrows: dict[str, dict[str, frozenset[str]]] = {}
        self.any = set()
        for room, cell in _ROW.findall(text):
            named = {name: frozenset(re.findall(r"`(\w+)`", modules)) for name, modules in _ARROW.findall(cell)}
            if cell.strip() == "everything above":
                self.any.add(room)
                named = {other.removesuffix("/").removesuffix(".py"): frozenset() for other in self.arrows}
            self.arrows[room] = named
        self.outside = {room: frozenset(re.findall(r"`(\w+)`", names)) for room, names in _OUTSIDE.findall(text)}
        lines = text.partition("\n## Names\n")[2].partition("\n## ")[0].splitlines()
        excused = [line.partition(":")[0] for line in lines if line.startswith("- ")]
        self.names = {name for line in excused for name in re.findall(r"`([\w/*]+)`", line)}

    def room(self, module: str) -> str | None:
        """The innermost room that a module is in."""
        own = f"{module}.py"
        found = (room for room in self.arrows if own == room or (room.endswith("/") and own.startswith(room)))
        return max(found, key=len, default=None)

    def reached(self, room: str) -> set[str]:
        """The rooms that one may import, and those that these may import, and so on."""
        found: set[str] = set()
        pending = [room]
        while pending:
            new = {self.named(name) for name in self.arrows[pending.pop()]} - found
            found |= new
            pending += new
        return found

    def named(self, name: str) -> str:
        """The room that an arrow names."""
        return f"{name}/" if f"{name}/" in self.arrows else f"{name}.py"


def rooms_off_the_map(package: Package, plan: Map) -> list[str]:
    """Modules in no room, and rooms that hold no module."""
    rooms = {module: plan.room(module) for module in package.files}
    return [
        *(f"{module} is in no room" for module, room in sorted(rooms.items()) if room is None),
        *(f"{room} is empty" for room in plan.arrows if room not in rooms.values()),
    ]


def arrows_off_the_map(package: Package, plan: Map) -> list[str]:
    """Imports that the map doesn't allow, and arrows of the map that no import uses."""
    wrong = []
    unused = {
        (room, plan.named(name)) for room, arrows in plan.arrows.items() if room not in plan.any for name in arrows
    }
    for each in package.inner():
        room, other = plan.room(each.importer), plan.room(each.imported)
        if room is None or other is None or room == other:
            continue
        allowed = plan.arrows[room].get(other.removesuffix("/").removesuffix(".py"))
        if allowed is None or (allowed and each.imported.removeprefix(other) not in allowed):
            wrong.append(str(each))
        unused.discard((room, other))
    return [*wrong, *(f"{room} doesn't import {other}" for room, other in sorted(unused))]


def upward(plan: Map) -> list[str]:
    """Arrows of the map to a room that comes later in it."""
    order = list(plan.arrows)
    arrows = ((room, plan.named(name)) for room, names in plan.arrows.items() for name in names)
    return [f"{room} imports {other}" for room, other in arrows if other not in order[: order.index(room)]]


def circle(package: Package) -> list[str]:
    """Modules that import one another in a circle; empty without one."""
    graph: Mapping[str, set[str]] = defaultdict(set)
    for each in package.inner():
        graph[each.importer].add(each.imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def outside(package: Package, plan: Map) -> list[str]:
    """Imports from outside the package that a room, or a module that it imports, must not have."""
    wrong = []
    for room, allowed in plan.outside.items():
        found: set[str] = set()
        pending = [module for module in package.files if (plan.room(module) or "").startswith(room)]
        while pending:
            found.add(module := pending.pop())
            for each in package.imports[module]:
                if each.for_types:
                    continue
                if each.imported in package.files:
                    pending += {each.imported} - found
                elif each.imported not in {*allowed, "__future__"}:
                    wrong.append(f"{each}, which {room} must not")
    return wrong


def too_long(package: Package) -> list[str]:
    """Modules that are two things."""
    lengths = {module: len(path.read_text("utf-8").splitlines()) for module, path in package.files.items()}
    return [f"{module} has {lines} lines" for module, lines in sorted(lengths.items()) if lines > LONGEST]


def ambiguous(package: Package, plan: Map) -> list[str]:
    """Modules of one name in different folders, except where the map says why, and names there that nobody shares."""
    named: dict[str, list[str]] = defaultdict(list)
    used = set()
    for module in package.files:
        folder, _, name = module.rpartition("/")
        if f"{folder}/*" in plan.names:
            used.add(f"{folder}/*")
        elif not name.startswith("__"):
            named[name].append(module)
    shared = {name: modules for name, modules in named.items() if len(modules) > 1}
    used |= shared.keys()
    return [
        *(f"{' and '.join(sorted(modules))}" for name, modules in sorted(shared.items()) if name not in plan.names),
        *(f"no two modules are called {name}" for name in sorted(plan.names - used)),
    ]
