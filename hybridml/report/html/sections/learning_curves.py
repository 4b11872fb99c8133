"""How training went: the curves of each run, and what they say."""

from __future__ import annotations

from hybridml.report.history_plot import plot_history
from hybridml.report.html.data import History, ReportData
from hybridml.report.html.figures import make_figure
from hybridml.report.html.markup import Html, join, tag


def show_learning_curves(data: ReportData) -> Html:
    """Show each run's curves below its diagnosis."""
    runs = [run for run in data.histories if not run.table.empty]
    return join(_show_run(run, f"run-{i}") for i, run in enumerate(runs))


def _show_run(run: History, name: str) -> Html:
    findings = [tag("li", finding) for finding in run.findings]
    alt = f"Loss and scores of {run.title} over {len(run.table)} epochs."
    return tag(
        "article",
        tag("h3", run.title),
        tag("ul", *findings) if findings else "",
        make_figure(plot_history(run.table), name=name, alt=alt),
        class_="run",
    )
