# SPDX-License-Identifier: Apache-2.0
"""Recorded requests and answers of an API server that stands alone."""
