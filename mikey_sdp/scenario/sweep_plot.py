"""A picture of a sweep: one measured column over one parameter, a line for each combination of the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from mikey_sdp.errors import BackendUnavailable, UsageError
from mikey_sdp.report.printable import printable
from mikey_sdp.scenario.measures import COLUMNS
from mikey_sdp.scenario.source import nearest
from mikey_sdp.scenario.sweep import Parameter, Row, Sweep
from mikey_sdp.scenario.units import fraction_of, micros

MEASURED: Final = tuple(column for column in COLUMNS if column != "mode")
FORMATS: Final = (".png", ".svg")
_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#000000")
_MARKERS: Final = "osD^vP*X"
_READERS: Final[tuple[tuple[str, Callable[[str], float]], ...]] = (
    (" (ms)", lambda text: micros(text) / 1_000),
    (" (%)", lambda text: fraction_of(text) * 100),
    ("", float),
)
_SALT: Final = {"svg.hashsalt": "mikey_sdp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line of the picture: for each value of the parameter, by its position, the numbers of all seeds."""

    label: str
    points: Mapping[int, tuple[float, ...]]


def check_plot(sweep: Sweep, file: Path, *, column: str, over: str | None) -> None:
    """Refuse a picture that can't be drawn, before anything is run.

    Raises: UsageError, BackendUnavailable.
    """
    if file.suffix not in FORMATS:
        raise UsageError(f"{file}: a picture is a {' or '.join(FORMATS)} file")
    if column not in MEASURED:
        near = nearest(column, MEASURED)
        hint = f" Did you mean {near!r}?" if near else f" There are {', '.join(MEASURED)}."
        raise UsageError(f"nothing is measured that is called {column!r}.{hint}")
    parameter_over(sweep, over)
    _figure()


def parameter_over(sweep: Sweep, over: str | None) -> int:
    """The position of the parameter that runs along the picture: the one named, or the first with numbers as values.

    Raises: UsageError.
    """
    names = [parameter.name for parameter in sweep.parameters]
    if over is None:
        if not names:
            raise UsageError("a picture needs a parameter that changes")
        numeric = (at for at, parameter in enumerate(sweep.parameters) if numbers_of(parameter) is not None)
        return next(numeric, 0)
    if over not in names:
        near = nearest(over, names)
        raise UsageError(f"{over!r} doesn't change; " + (f"did you mean {near!r}?" if near else f"set: {names}"))
    return names.index(over)


def numbers_of(parameter: Parameter) -> tuple[str, tuple[float, ...]] | None:
    """The values of a parameter as numbers, with their unit; None where they are words."""
    for unit, reader in _READERS:
        try:
            return unit, tuple(reader(text) for text in parameter.texts)
        except ValueError:
            continue
    return None


def series_of(sweep: Sweep, rows: Sequence[Row], *, column: str, along: int) -> list[Series]:
    """The lines of the picture, in the order of the rows; runs without that number leave a gap."""
    lines: dict[str, dict[int, tuple[float, ...]]] = {}
    for row in rows:
        named = [(parameter, row.values[at]) for at, parameter in enumerate(sweep.parameters) if at != along]
        changing = [(parameter, value) for parameter, value in named if len(parameter.texts) > 1]
        label = ", ".join(f"{parameter.name} {value}" if len(changing) > 1 else value for parameter, value in changing)
        points = lines.setdefault(label, {})
        number = getattr(row.measures, column)
        if number is not None:
            at = sweep.parameters[along].texts.index(row.values[along])
            points[at] = (*points.get(at, ()), float(number))
    return [Series(label=label, points=points) for label, points in lines.items()]


def write_plot(sweep: Sweep, rows: Sequence[Row], file: Path, *, column: str, over: str | None, title: str) -> None:
    """Draw the picture: the mean over the seeds, and a bar from the least to the greatest.

    Raises: UsageError, BackendUnavailable; OSError where the file can't be written.
    """
    check_plot(sweep, file, column=column, over=over)
    along = parameter_over(sweep, over)
    parameter = sweep.parameters[along]
    lines = series_of(sweep, rows, column=column, along=along)
    import matplotlib as mpl

    with mpl.rc_context(_SALT):
        figure = _figure()
        axes = figure.add_subplot()
        named = numbers_of(parameter)
        for number, line in enumerate(lines):
            _draw(axes, line, number, len(lines), None if named is None else named[1])
        _dress(axes, parameter, "" if named is None else named[0], column, printable(title))
        if named is None:
            axes.set_xticks(range(len(parameter.texts)), parameter.texts)
            axes.set_xlim(-0.5, len(parameter.texts) - 0.5)
        if len(lines) > 1:
            others = [one.name for one in sweep.parameters if one is not parameter and len(one.texts) > 1]
            legend = axes.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1.01, 1))
            legend.set_title(printable(others[0]) if len(others) == 1 else None, prop={"size": 9})
            legend.set_alignment("left")
        figure.savefig(file, dpi=160, bbox_inches="tight", metadata={"Date": None} if file.suffix == ".svg" else None)


def _draw(axes: Any, line: Series, number: int, of: int, places: Sequence[float] | None) -> None:
    """A line where the parameter's values are numbers, points side by side where they are words."""
    at = sorted(line.points)
    shift = 0.0 if of == 1 else 0.5 * (number / (of - 1) - 0.5)
    across = [float(place) + shift for place in at] if places is None else [places[place] for place in at]
    means = [fmean(line.points[place]) for place in at]
    lower = [mean - min(line.points[place]) for place, mean in zip(at, means, strict=True)]
    upper = [max(line.points[place]) - mean for place, mean in zip(at, means, strict=True)]
    behind = (
        0 if places is None else min(of - 1 - number, 3)
    )  # lines that lie on each other are all seen: the first is the broadest
    axes.errorbar(
        across,
        means,
        yerr=(lower, upper) if any(lower) or any(upper) else None,
        capsize=3,
        marker=_MARKERS[number % len(_MARKERS)],
        markersize=5 + 2 * behind,
        linewidth=0 if places is None else 1.6 + 1.4 * behind,
        elinewidth=1.2,
        color=_COLOURS[number % len(_COLOURS)],
        label=(line.label or "all") + ("" if at else " (nothing measured)"),
    )


def _dress(axes: Any, parameter: Parameter, unit: str, column: str, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_xlabel(printable(parameter.name) + unit)
    word, _, measure = column.rpartition("_")
    axes.set_ylabel(f"{word.replace('_', ' ')} (ms)" if measure == "ms" else column.replace("_", " "))
    axes.margins(y=0.08)
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color="#dddddd", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _figure() -> Any:
    """An empty picture.

    Raises: BackendUnavailable.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise BackendUnavailable("matplotlib", install="pip install 'mikey_sdp[sweep]'") from None
    return Figure(figsize=(7.5, 4.2))
