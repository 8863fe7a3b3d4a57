# SPDX-License-Identifier: Apache-2.0
"""Recorded lives of pods: what a real node and control plane did with them, as a watch shows it."""
