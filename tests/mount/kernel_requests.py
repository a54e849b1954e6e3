# SPDX-License-Identifier: Apache-2.0
"""What the kernel asks the daemon for, by the daemon's own count.

The kernel may reclaim a page that it keeps at any moment, and some kernels do it all the time, long
before memory is short (DAMON): what has become of it is then read anew. So these counts are taken
up to a few times and the smallest one is looked at: what rosterfs causes, it causes each time.
"""

import re

ROUNDS = 6
# The names and attributes of what is fixed, such as a vendor's directory, hold for a second: each
# costs a request a second. What is asked for each of many users is more.
FEW = 100


def asked(m):
    """The kernel's requests so far, by their kind."""
    text = (m.path / ".rosterfs/metrics").read_text()
    return {name: int(number) for name, number
            in re.findall(r'fuse_requests_total\{operation="(\w+)"\} (\d+)', text)}


def more(m, function):
    """The requests that FUNCTION makes, but for those of the look at the figures, and its result."""
    asked(m)
    first, second = asked(m), asked(m)
    result = function()
    third = asked(m)
    return {name: third[name] - second[name] - (second[name] - first[name])
            for name in third}, result


def fewest(operation, once):
    """
    ONCE is called for what more returns until none of the requests is an OPERATION, or ROUNDS times:
    the counts and the result of the time with the fewest.
    """
    best = None
    for _ in range(ROUNDS):
        counts, result = once()
        if best is None or counts[operation] < best[0][operation]:
            best = counts, result
        if best[0][operation] == 0:
            break
    return best
