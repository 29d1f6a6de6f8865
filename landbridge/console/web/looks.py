"""What one console has one of, however many ask: looks at accounts, proofs of the trail."""

from __future__ import annotations

from fastapi import Request

from landbridge.console.read.accounts import Checks
from landbridge.console.read.proof import Prover


def checks_of(request: Request) -> Checks:
    """Looks at accounts."""
    found: Checks = request.app.state.checks
    return found


def prover_of(request: Request) -> Prover:
    """Proofs of the whole chain."""
    found: Prover = request.app.state.prover
    return found
