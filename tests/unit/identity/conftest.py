"""What tests of withdrawals in identity share."""

from __future__ import annotations

from functools import partial

import pytest


@pytest.fixture
def noted(permitted):
    """A night as far as it notes withdrawals and whom they name: nothing of this reads permissions."""
    return partial(permitted, is_derived=False)
