# SPDX-License-Identifier: Apache-2.0
"""Recorded workloads: what real controllers made of Deployments, Jobs and the like, as a watch shows it."""
