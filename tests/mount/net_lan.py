# SPDX-License-Identifier: Apache-2.0
"""Hosts on a LAN of their own: network namespaces, joined by a bridge that stands in yet another one.

Nothing of it is in the machine's own network, and all of it goes with the processes that hold it, also when
a test is killed.
"""

import contextlib
import os
import subprocess

import pytest

from net_proxy import Proxy
from system import SCALE, Failure, wait_until

GATE = "10.91.7.1"  # the bridge: where Redis and the vendor are


def network_of(pid):
    return os.readlink(f"/proc/{pid}/ns/net")


class Network:
    """A network namespace, held by a process that sleeps."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", "unshare", "--net", "sleep", "infinity"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.pid = self.process.pid

        def made():
            if self.process.poll() is not None:
                raise Failure(f"no network namespace: {self.process.stderr.read().decode(errors='replace')}")
            with contextlib.suppress(OSError):
                return network_of(self.pid) != network_of("self")
            return False
        wait_until(made, 10 * SCALE, "a network namespace")
        self.run("ip", "link", "set", "lo", "up")

    @property
    def wear(self):
        """What a command has in front of it that runs there. Not `ip netns exec`: it copies all mounts."""
        return ["nsenter", f"--net=/proc/{self.pid}/ns/net", "--"]

    def run(self, *words):
        result = subprocess.run([*self.wear, *words], stdin=subprocess.DEVNULL, capture_output=True, check=False,
                                timeout=20)
        if result.returncode:
            raise Failure(f"{' '.join(words)}: {result.stderr.decode(errors='replace')}")
        return result.stdout.decode()

    def close(self):
        self.process.kill()
        self.process.wait(5)
        self.process.stderr.close()


class Lan:
    """hosts() of them are made one by one; the sandbox BOX is at GATE, and at the same port of each host's loopback."""

    def __init__(self, box):
        self.box = box
        self.gate = Network()
        self.hosts = []
        self.proxies = []
        self.gate.run("ip", "link", "add", "bridge0", "type", "bridge")
        self.gate.run("ip", "addr", "add", f"{GATE}/24", "dev", "bridge0")
        self.gate.run("ip", "link", "set", "bridge0", "up")
        self.proxies.append(Proxy(box.address, listen=self.gate.pid, address=(GATE, box.address[1])))

    def host(self):
        """One more: a Network, whose link .cut() and .mend() are for."""
        number = len(self.hosts) + 2
        one = Network()
        self.hosts.append(one)
        name = f"h{number}"
        self.gate.run("ip", "link", "add", name, "type", "veth", "peer", "name", "net0", "netns", str(one.pid))
        self.gate.run("ip", "link", "set", name, "master", "bridge0", "up")
        one.run("ip", "addr", "add", f"{GATE.rpartition('.')[0]}.{number}/24", "dev", "net0")
        one.run("ip", "link", "set", "net0", "up")
        port = self.box.address[1]
        self.proxies.append(Proxy((GATE, port), listen=one.pid, dial=one.pid, address=("127.0.0.1", port)))
        one.cut = lambda: self.gate.run("ip", "link", "set", name, "down")
        one.mend = lambda: self.gate.run("ip", "link", "set", name, "up")
        return one

    def close(self):
        for one in (*self.proxies, *self.hosts, self.gate):
            one.close()


@pytest.fixture
def lan():
    """lan(box) makes one."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    made = []

    def make(box):
        made.append(Lan(box))
        return made[-1]
    yield make
    for one in made:
        one.close()
