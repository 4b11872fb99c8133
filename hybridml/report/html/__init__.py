"""The report of a comparison as one HTML file, which needs no other."""

from __future__ import annotations

from hybridml.report.html.data import History, Mistake, ReportData
from hybridml.report.html.document import to_html_text, write_html

__all__ = ["History", "Mistake", "ReportData", "to_html_text", "write_html"]
