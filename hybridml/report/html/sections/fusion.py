"""What fusing gains: scores by kind of fusion, and the best modality alone."""

from __future__ import annotations

from hybridml.report.fusion_plot import plot_fusion
from hybridml.report.html.data import ReportData
from hybridml.report.html.figures import make_figure
from hybridml.report.html.markup import Html


def show_fusion(data: ReportData) -> Html:
    """Draw the scores by kind; nothing where no fusions were compared."""
    table = data.leaderboard.reset_index(drop=True)
    if "kind" not in table or not (table["kind"] == "alone").any():
        return Html()
    alone = table[(table["kind"] == "alone") & table["score"].notna()]
    scoring = data.scoring.replace("_", " ")
    alt = f"{scoring} of {len(table)} contenders by kind of fusion."
    if len(alone):
        alt += f" The best modality is {alone['candidate'].iloc[0]}."
    return make_figure(
        plot_fusion(table, data.fold_scores, data.scoring),
        name="fusion",
        alt=alt,
        caption="Dots are means, bars their 95 % intervals, ticks the single folds. "
        "What lies to the right of the dashed line beats the best modality alone.",
    )
