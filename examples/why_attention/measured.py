"""What the experiments share: numbers kept as CSV, so that one goes on where it was stopped, and their plots."""

import csv
from pathlib import Path

STYLES = {"light": "default", "dark": "dark_background"}


class Table:
    """Rows of a CSV file, each written as soon as it is measured.

    Args:
        path: The file.
        keys: Columns that say what was measured; a row of the same keys is not measured again.
        values: Columns of what was found.
    """

    def __init__(self, path, keys, values):
        self.path, self.keys, self.values = Path(path), keys, values
        self.rows = []
        if self.path.is_file():
            with self.path.open(newline="", encoding="utf-8") as file:
                self.rows = list(csv.DictReader(file))

    def has(self, *key):
        """Return whether there is a row of these keys."""
        wanted = [str(part) for part in key]
        return any([row[name] for name in self.keys] == wanted for row in self.rows)

    def add(self, *cells):
        """Write a row, keys first, and print it."""
        row = dict(zip([*self.keys, *self.values], map(str, cells), strict=True))
        self.rows.append(row)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = not self.path.is_file()
        with self.path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, [*self.keys, *self.values])
            if new:
                writer.writeheader()
            writer.writerow(row)
        print("  ".join(f"{cell:>12}" for cell in row.values()), flush=True)

    def lines(self, x, y, by, **where):
        """Return {name of a line: (xs, ys)}, medians where there are several, of the rows that are as `where` says."""
        found = {}
        for row in self.rows:
            if all(row[name] == str(value) for name, value in where.items()):
                found.setdefault(row[by], {}).setdefault(float(row[x]), []).append(float(row[y]))
        return {
            name: (sorted(points), [sorted(points[at])[len(points[at]) // 2] for at in sorted(points)])
            for name, points in found.items()
        }


def plot(path, lines, title, x, y, log=True):
    """Draw lines as NAME-light.svg and NAME-dark.svg."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    for theme, style in STYLES.items():
        with plt.style.context(style):
            figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
            for name, (xs, ys) in lines.items():
                axes.plot(xs, ys, marker="o", label=name)
            axes.set(title=title, xlabel=x, ylabel=y)
            if log:
                axes.set_xscale("log", base=2)
                axes.set_yscale("log")
            axes.legend()
            figure.savefig(f"{path}-{theme}.svg", transparent=True)
            plt.close(figure)
