# SPDX-License-Identifier: Apache-2.0
"""Plays recordings of a real cluster against Podium and says where its answers differ.

`command` is what scripts/conformance calls. `recordings` reads the data and `refresh` brings it in; `exchange`,
`server`, `cluster` and `values` are what the three kinds of recordings share: `api` (requests and answers),
`lifecycle` (lives of pods) and `workloads` (what controllers make of workloads).
"""
