"""Gives a version the alias that the evidence has earned it."""

from __future__ import annotations

from dataclasses import replace

from hybridml.models.promotion import Promotion
from hybridml.models.registry import CHALLENGER, CHAMPION, Registry


def appoint(registry: Registry, promotion: Promotion, beaten: int | None) -> Promotion:
    """Give a version its alias, and keep the numbers of the test as its tags.

    Parameters
    ----------
    registry : Registry
    promotion : Promotion
    beaten : int or None
        The champion that it was tested against. Where another one has been appointed
        since, it is the challenger, whatever the test said.

    Returns
    -------
    promotion : Promotion
        What really became of it.
    """
    name, version = promotion.name, promotion.version
    if promotion.is_champion and registry.version_of(name, CHAMPION) != beaten:
        said = "Another champion was appointed in the meantime; test it against that."
        promotion = replace(
            promotion, alias=CHALLENGER, evidence=f"{promotion.evidence} {said}"
        )
        registry.add_to_description(name, version, said)
    registry.tag(name, version, promotion.tags())
    registry.set_alias(name, promotion.alias, version)
    if promotion.is_champion:
        registry.drop_alias(name, CHALLENGER, version)
    return promotion
