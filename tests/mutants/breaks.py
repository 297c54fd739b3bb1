"""The list of breaks: each a small file, which says how to break a promise and which tests must notice.

Not here: applying them (__main__.py).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).with_name("breaks")


class BreakError(Exception):
    """A break that cannot be applied to the code as it is."""


@dataclass(frozen=True)
class Break:
    """`find` stands exactly once in the files that the glob `file` names, and `replace` takes its place.

    `tests` are pytest arguments: one of these tests must fail then. `promise` says in words what is broken; `rules` are the
    numbers of consent rules.
    """

    name: str
    promise: str
    file: str
    find: str
    replace: str
    tests: tuple[str, ...]
    rules: tuple[int, ...] = ()

    def place(self, root: Path) -> Path:
        """The file below `root` that is broken. Raises BreakError where the text stands nowhere, or more than once."""
        counts = {path: path.read_text(encoding="utf-8").count(self.find) for path in sorted(root.glob(self.file))}
        found = [path for path, count in counts.items() if count]
        if sum(counts.values()) != 1:
            times = f"{sum(counts.values())} times" if found else "not at all"
            raise BreakError(
                f"break {self.name}: its text stands {times} in {self.file}, and must stand once. "
                f"Where code moved or was reworded, adapt tests/mutants/breaks/{self.name}.toml."
            )
        return found[0]

    def apply(self, root: Path) -> tuple[Path, str]:
        """Breaks the copy of the project at `root`. Returns the file and what stood in it."""
        path = self.place(root)
        before = path.read_text(encoding="utf-8")
        path.write_text(before.replace(self.find, self.replace), encoding="utf-8")
        return path, before


def read_breaks(folder: Path = FOLDER) -> list[Break]:
    """Every break, by name."""
    found = []
    for path in sorted(folder.glob("*.toml")):
        said = tomllib.loads(path.read_text(encoding="utf-8"))
        found.append(Break(path.stem, **{k: tuple(v) if isinstance(v, list) else v for k, v in said.items()}))
    return found
