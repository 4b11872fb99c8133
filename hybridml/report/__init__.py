"""Plots of what a comparison or a training run found, from plain data."""

from __future__ import annotations

from hybridml.report.history_plot import plot_history
from hybridml.report.leaderboard_plot import plot_leaderboard

__all__ = ["plot_history", "plot_leaderboard"]
