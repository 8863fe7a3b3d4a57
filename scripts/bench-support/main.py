# SPDX-License-Identifier: Apache-2.0
"""Measures Podium beside bare libmicrohttpd, both on this machine in the same run, and prints ratios.

Each figure is the median of short rounds that alternate between the two, and each ratio, podium / yardstick, the
median of the rounds' ratios: for rates more is better, for times and memory less. "A send each" is a C program that
writes every event to every socket with one call; Podium may put several events of a burst into one.
"""
import argparse
import os
import sys
import time
from dataclasses import asdict, dataclass

from fanout import measure_fanout
from footprint import measure_memory, measure_start
from lifetimes import measure_lifetimes
from report import table, write_json
from rollouts import measure_rollouts
from servers import Programs
from throughput import measure_get, measure_list, measure_post


@dataclass
class Scale:
    """How much is measured."""

    rounds: int = 9
    seconds: int = 1
    pods: int = 10_000
    watchers: int = 1_000
    events: int = 50
    starts: int = 20
    running_pods: int = 5_000
    deployments: int = 1_000


QUICK = Scale(rounds=3, events=20, starts=7, running_pods=1_000, deployments=50)

PARTS = {
    "start": measure_start,
    "memory": measure_memory,
    "get": measure_get,
    "list": measure_list,
    "post": measure_post,
    "watch": measure_fanout,
    "pods": measure_lifetimes,
    "workloads": measure_rollouts,
}


def read_arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="shorter and fewer rounds: everything in under a minute")
    parser.add_argument("--json", metavar="FILE", help="write the figures there, too")
    parser.add_argument("--only", metavar="PART", nargs="+", choices=PARTS, default=list(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--podium", help=argparse.SUPPRESS)
    parser.add_argument("--tools", help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    arguments = read_arguments()
    scale = QUICK if arguments.quick else Scale()
    programs = Programs(arguments.podium, arguments.tools)
    figures = []
    for name in arguments.only:
        begin = time.monotonic()
        figures += PARTS[name](programs, scale)
        print(f"{name}: {time.monotonic() - begin:.1f} s", file=sys.stderr)
    print(table(figures))
    print("\nratio: podium / yardstick; more is better for rates, less for times and memory.")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; the clients run on the same machine.")
    if arguments.json:
        settings = {"cores": os.cpu_count(), "load": os.getloadavg()[0], **asdict(scale)}
        write_json(arguments.json, figures, settings)


if __name__ == "__main__":
    main()
