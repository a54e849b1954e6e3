# SPDX-License-Identifier: Apache-2.0
"""The faults of the shared store in the fault matrix: a proxy before Redis, and what becomes of its keys.

A fault lasts while all places of PLACES are tried, each fault beginning with another one.
"""

import re
import time

from net_proxy import Proxy

READS = ["list page 1", "get"]
PLACES = [*READS, "PUT", "status", "POST"]

# what the server says to each command, which it does not carry out
REFUSALS = {
    "NOAUTH": "NOAUTH Authentication required.",
    "NOPERM": "NOPERM this user has no permissions to run this command",
    "READONLY": "READONLY You can't write against a read only replica.",
    "OOM": "OOM command not allowed when used memory > 'maxmemory'.",
    "LOADING": "LOADING Redis is loading the dataset in memory",
    "MOVED": "MOVED 3999 127.0.0.1:6381",
    "BUSY": "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    "MISCONF": "MISCONF Errors writing to the AOF file: No space left on device",
    "MASTERDOWN": "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "an unknown error": "ERR odd words",
}
# other replies, after which the connection ends
REPLIES = {"truncated reply": b"$100\r\nabc", "no reply of Redis's": b"HTTP/1.1 200 OK\r\n\r\n",
           "a reply of another type": b"*2\r\n$1\r\na\r\n$1\r\nb\r\n"}

OK, BROKEN = {"ok"}, {"EREMOTEIO"}
# What a write comes to; a read always succeeds. What is slow comes; a connection that ends is made anew, unless a
# write waits for it at that moment; keys that are gone or not rosterfs' own may stop a write, and need not.
WRITES = {name: BROKEN for name in ("refused connection", "reset before", "reset after", "stall", "lost responses",
                                    "a byte a second", *REPLIES, *REFUSALS)}
WRITES |= {"slow responses": OK, "reset, once": OK | BROKEN, "flush": OK | BROKEN, "garbage in all keys": OK | BROKEN,
           "another type of all keys": OK | BROKEN}
FAULTS = list(WRITES)
CELLS = [(fault, place, OK if place in READS else WRITES[fault]) for fault in FAULTS for place in PLACES]


def places(fault):
    """PLACES, in the order of FAULT."""
    turn = FAULTS.index(fault) % len(PLACES)
    return PLACES[turn:] + PLACES[:turn]


class StoreProxy(Proxy):
    """A Proxy that may answer each command itself with .reply, and then .end the connection."""

    def __init__(self, target):
        self.reply = None
        self.ends = self.resets = self.crawls = False
        super().__init__(target)

    def end_of_fault(self):
        self.refusing = self.stalled = self.dropping = self.ends = self.resets = self.crawls = False
        self.delay, self.reply = 0.0, None
        self.cut()

    def pump(self, source, target, pair, response):
        """As Proxy's; what it sends on goes through here."""
        super().pump(source, Through(self, source, target, response), pair, response)


class Through:
    """The other end of a connection, as a Proxy sees it while a fault lasts."""

    def __init__(self, proxy, source, target, response):
        self.proxy, self.source, self.target, self.response = proxy, source, target, response

    def sendall(self, data):
        proxy = self.proxy
        if self.response and proxy.ends and not proxy.reply:
            raise ConnectionError  # it was carried out
        if self.response and proxy.crawls:
            for at in range(len(data)):
                self.target.sendall(data[at:at + 1])
                for _ in range(20):
                    if proxy.crawls:
                        time.sleep(0.05)
        elif not self.response and proxy.resets:
            raise ConnectionError  # it was not
        elif not self.response and proxy.reply:
            self.source.sendall(proxy.reply * max(1, len(re.findall(rb"(?:^|\r\n)\*\d+\r\n", data))))
            if proxy.ends:
                raise ConnectionError
        else:
            self.target.sendall(data)


def begin(fault, proxy, server):
    if fault == "refused connection":
        proxy.refusing = True
        proxy.cut()
    elif fault == "reset, once":
        proxy.cut()
    elif fault == "stall":
        proxy.stalled = True
    elif fault == "lost responses":
        proxy.dropping = True
    elif fault == "slow responses":
        proxy.delay = 0.3
    elif fault == "reset before":
        proxy.resets = True
    elif fault == "reset after":
        proxy.ends = True
    elif fault == "a byte a second":
        proxy.crawls = True
    elif fault in REFUSALS:
        proxy.reply = f"-{REFUSALS[fault]}\r\n".encode()
    elif fault in REPLIES:
        proxy.ends, proxy.reply = True, REPLIES[fault]
    else:
        spoil(fault, server)


def spoil(fault, server):
    """Change what the keys hold behind rosterfs' back."""
    if fault == "flush":
        server.ask("FLUSHALL")
        return
    for key in server.keys():
        server.ask("DEL", key)
        server.ask("SET" if fault == "garbage in all keys" else "LPUSH", key, "garbage")


def end(fault, proxy, server):
    proxy.end_of_fault()
    if "keys" in fault:
        server.ask("FLUSHALL")
