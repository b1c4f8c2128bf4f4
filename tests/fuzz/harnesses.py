"""Finding the fuzz harnesses, and loading one without atheris."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Harness:
    """One decoder under fuzzing: its script, its seeds, and the files whose lines the seeds must reach."""

    name: str
    script: Path
    seeds: Path

    def seed_files(self) -> list[Path]:
        """The seeds, in a fixed order."""
        return sorted(path for path in self.seeds.iterdir() if path.is_file())

    def load(self) -> tuple[Callable[[bytes], None], tuple[str, ...]]:
        """The harness's `one_input` and its DECODER_FILES, relative to the project's root."""
        spec = importlib.util.spec_from_file_location(f"fuzz_{self.name}", self.script)
        if spec is None or spec.loader is None:
            raise ImportError(f"{self.script} can't be loaded")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.one_input, tuple(module.DECODER_FILES)


def find_harnesses() -> list[Harness]:
    """Every `fuzz_NAME.py` of this folder, by name."""
    scripts = sorted(HERE.glob("fuzz_*.py"))
    names = [script.stem.removeprefix("fuzz_") for script in scripts]
    return [
        Harness(name=name, script=script, seeds=HERE / "corpus" / name)
        for name, script in zip(names, scripts, strict=True)
    ]


def under_atheris(one_input: Callable[[bytes], None]) -> None:
    """Fuzz it as the command line says; atheris is an extra of its own, absent where a corpus is only read through."""
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
