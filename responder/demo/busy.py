"""A program that keeps COUNT tasks runnable for at most SECONDS: `-m responder.demo.busy ...`.

They have the lowest priority: the load average counts them in full, while everything else on the
machine goes on.
"""

import os
import signal
import sys

from responder.demo.leash import die_with_parent

__all__: list[str] = []


def _main(count: int, seconds: int) -> None:
    os.nice(19)
    leader = os.getpid()
    for _ in range(count - 1):
        if os.fork() == 0:
            die_with_parent(leader)
            break
    signal.alarm(seconds)  # ends the process that set it; children inherit none
    while True:
        pass


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]))
