# SPDX-License-Identifier: Apache-2.0
"""A model of what writers may rely on, and many writers who try to prove it wrong.

Sixteen threads in three processes read, and write in all sorts of ways, also documents that they read
long ago, while colleagues change the same few users, the vendor fails in many ways, its reads lag, and
rosterfs is restarted or killed. A round has one vendor: Partnerize, Elastic Path, one by a description, or a SCIM
server; or ("shared") one of these on two mounts that share a store, which now and then forgets all. The sandbox
tells afterwards what became of each record, change by change:

 1. An acknowledged write was at the vendor while its writer waited.
 2. Nobody becomes active whom nobody wanted active, but by a colleague; a document does that only if it
    was made of the newest version.
 3. No field changes to what nobody wanted who was at work then.
 4. What was read was a whole record, of the right user, or an error; a table has each user once.
 5. A file and a row of a table show what was acknowledged before, or what the vendor has had since. The other host
    does so within some seconds.
 6. A user is made once and whole, or not at all; who was deleted stays so; status_limit counts both hosts.

So a write is at the vendor until somebody, who is known, overwrites it; and in the end each mount shows
what the vendor has. Left out are changes that reach the vendor between the read and the write of one
change, unless it checks ETags, and what a change takes back that got no answer and was applied late, if
the log names it. model_check.py tells 1 to 4, model_shown.py the rest.

`make test` runs a few rounds of fixed seeds; `make model SECONDS=600 SEED=1` runs for so long, and each
round has a seed of its own: SEED=n ROUNDS=1 VENDOR=v repeats one. What goes wrong is tried again with fewer steps.
READERS=0 leaves number 4 out.
"""

import os
import time

import pytest

import model_round
from redis_server import server

__all__ = ["server"]  # a fixture

SECONDS = int(os.environ.get("ROSTERFS_MODEL_SECONDS") or 0)
SEED = int(os.environ.get("ROSTERFS_MODEL_SEED") or 1)
ROUNDS = int(os.environ.get("ROSTERFS_MODEL_ROUNDS") or 0)
VENDOR = os.environ.get("ROSTERFS_MODEL_VENDOR") or ""
STEPS = int(os.environ.get("ROSTERFS_MODEL_STEPS") or 12)
PROGRAM = os.environ.get("ROSTERFS_MODEL_PROGRAM") or None
READERS = os.environ.get("ROSTERFS_MODEL_READERS", "1") != "0"
VENDORS = ["partnerize", "elasticpath", "described", "scim", model_round.SHARED]
# long enough for a round that waits for everything
LIMIT = 300
LONGEST = 400  # lines of a history


def play(seed, vendor, request, test_dir, steps):
    """One round; the words of what was wrong."""
    sandbox, mount = request.getfixturevalue("sandbox"), request.getfixturevalue("mount")
    game = model_round.Round(seed, vendor, steps, program=PROGRAM, old=bool(PROGRAM), readers=READERS)
    print(game, flush=True)
    game.start(sandbox, mount, test_dir, request.getfixturevalue("server") if game.hosts > 1 else None)
    game.run()
    game.settle()
    found, run, notes = game.judge()
    for mounted in game.up.values():
        problem = mounted.close()
        if problem:
            found.append(("", problem))
    ops = [op for some in run.ops.values() for op in some]
    writes = [op for op in ops if "wanted" in op]
    print(f"    {len(ops)} steps, {len(writes)} writes, {sum(op['ok'] for op in writes)} acknowledged; "
          f"{sum(map(len, run.changes.values()))} changes; {dict(notes)}; "
          f"{len(found)} violations", flush=True)
    words = [f"{user}: {what}" for user, what in found]
    for user in list(dict.fromkeys(user for user, _ in found if user))[:4]:
        lines = model_round.model_check.history(run, user)
        words += ["", f"the history of {user}:", *lines[:LONGEST]]
    return [str(game), *words] if found else []


def shortest(seed, vendor, request, test_dir, steps):
    """As play; what goes wrong is tried again with fewer steps, and the shortest round is told."""
    words = play(seed, vendor, request, test_dir / f"{seed}-{vendor}", steps)
    for fewer in (steps // 4, steps // 2) if words else ():
        shorter = fewer and play(seed, vendor, request, test_dir / f"{seed}-{vendor}-{fewer}", fewer)
        if shorter:
            return shorter
    return words


if SECONDS:
    @pytest.mark.limit(SECONDS + LIMIT)
    def test_model_for_long(request, test_dir):
        end, seed, bad = time.monotonic() + SECONDS, SEED, []
        while time.monotonic() < end and (not ROUNDS or seed < SEED + ROUNDS):
            for vendor in [VENDOR] if VENDOR else VENDORS:
                words = shortest(seed, vendor, request, test_dir, STEPS)
                if words:
                    print("\n".join(words), flush=True)
                    bad.append(words[0])
            seed += 1
        assert not bad, "\n".join(bad)
else:
    @pytest.mark.limit(LIMIT)
    @pytest.mark.parametrize("seed, vendor", [
        (1, "partnerize"), (1, "elasticpath"), (2, "partnerize"), (2, "elasticpath"), (1, "described"),
        (9, model_round.SHARED)])  # which is SCIM, and the store is away for a second
    def test_model(request, test_dir, seed, vendor):
        words = play(seed, vendor, request, test_dir, 2 if vendor == model_round.SHARED else 5)
        assert not words, "\n".join(words)
