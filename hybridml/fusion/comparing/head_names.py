"""What a fitted head is called."""

from __future__ import annotations

from typing import Any

from hybridml.heads.catalogue import Task, get_head, list_heads


def name_head(head: Any, task: Task) -> str:
    """Name a head as `make_head` does; another estimator by its class.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> name_head(LogisticRegression(), "classification")
    'logistic'
    """
    inner = getattr(head, "estimator", head)  # of several labels, of scaled targets
    for name in list_heads(task):
        if type(get_head(name, task).make(task)) is type(inner):
            return name
    return type(head).__name__
