# SPDX-License-Identifier: Apache-2.0
"""The two ways in which playing recordings goes wrong, apart from answers that differ."""

from __future__ import annotations


class Failure(Exception):
    """Why there is no result at all: no recordings, no server. Ends the run."""


class Broken(Exception):
    """Why one case could not be played to its end. The case has failed."""
