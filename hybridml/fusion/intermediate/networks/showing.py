"""Which modalities networks are shown of training rows."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def hide_at_random(present: Tensor, rate: float) -> Tensor:
    """Hide modalities at a rate; a row that would lose all of them loses none.

    Parameters
    ----------
    present : Tensor of shape (..., n_modalities), bool
    rate : float
    """
    kept = present & (torch.rand(present.shape, device=present.device) >= rate)
    return torch.where(kept.any(dim=-1, keepdim=True), kept, present)


def divide_at_random(present: Tensor) -> tuple[Tensor, Tensor]:
    """Divide what each row has into two parts at random, neither of them empty.

    Of a row that has one modality both parts are that one.

    Parameters
    ----------
    present : Tensor of shape (..., n_modalities), bool

    Returns
    -------
    part, rest : Tensor of the same shape, bool

    Examples
    --------
    >>> present = torch.tensor([[True, True, False]])
    >>> part, rest = divide_at_random(present)
    >>> (part ^ rest).tolist(), int(part.sum())
    ([[True, True, False]], 1)
    """
    drawn = torch.rand(present.shape, device=present.device)
    part = present & (drawn < 0.5)
    one = (drawn + present.float()).argmax(dim=-1)
    single = F.one_hot(one, present.shape[-1]).bool() & present
    is_divided = part.any(dim=-1) & (present & ~part).any(dim=-1)
    part = torch.where(is_divided[..., None], part, single)
    rest = present & ~part
    return part, torch.where(rest.any(dim=-1, keepdim=True), rest, part)
