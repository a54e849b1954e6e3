# SPDX-License-Identifier: Apache-2.0
"""A model of what writers may rely on, and many writers who try to prove it wrong.

Sixteen threads in three processes read, and write in all sorts of ways, also documents that they read
long ago, while colleagues change the same few users, the vendor fails in many ways, its reads lag, and
rosterfs is restarted or killed. The sandbox tells afterwards what became of each record, change by
change:

 1. An acknowledged write was at the vendor while its writer waited.
 2. Nobody becomes active whom nobody wanted active, but by a colleague; a document does that only if it
    was made of the newest version.
 3. No field changes to what nobody wanted who was at work then.
 4. What was read was a whole record, of the right user, or an error.

So a write is at the vendor until somebody, who is known, overwrites it; and in the end the mount shows
what the vendor has. Left out are changes that reach the vendor between the read and the write of one
change, unless it checks ETags, and what a change takes back that got no answer and was applied late, if
the log names it. model_check.py tells the rest.

`make test` runs a few rounds of fixed seeds; `make model SECONDS=600 SEED=1` runs for so long, and each
round has a seed of its own: SEED=n ROUNDS=1 VENDOR=v repeats one. READERS=0 leaves number 4 out.
"""

import os
import time

import pytest

import model_round

SECONDS = int(os.environ.get("ROSTERFS_MODEL_SECONDS") or 0)
SEED = int(os.environ.get("ROSTERFS_MODEL_SEED") or 1)
ROUNDS = int(os.environ.get("ROSTERFS_MODEL_ROUNDS") or 0)
VENDOR = os.environ.get("ROSTERFS_MODEL_VENDOR") or ""
STEPS = int(os.environ.get("ROSTERFS_MODEL_STEPS") or 12)
PROGRAM = os.environ.get("ROSTERFS_MODEL_PROGRAM") or None
READERS = os.environ.get("ROSTERFS_MODEL_READERS", "1") != "0"
VENDORS = ["partnerize", "elasticpath"]
# long enough for a round that waits for everything
LIMIT = 300
LONGEST = 400  # lines of a history


def play(seed, vendor, sandbox, mount, test_dir, steps):
    """One round; the words of what was wrong."""
    game = model_round.Round(seed, vendor, steps, program=PROGRAM, old=bool(PROGRAM), readers=READERS)
    print(game, flush=True)
    game.start(sandbox, mount, test_dir)
    game.run()
    game.settle()
    found, run, notes = game.judge()
    problem = game.mounted.close()
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


if SECONDS:
    @pytest.mark.limit(SECONDS + LIMIT)
    def test_model_for_long(sandbox, mount, test_dir):
        end, seed, bad = time.monotonic() + SECONDS, SEED, []
        while time.monotonic() < end and (not ROUNDS or seed < SEED + ROUNDS):
            for vendor in [VENDOR] if VENDOR else VENDORS:
                words = play(seed, vendor, sandbox, mount, test_dir / f"{seed}-{vendor}", STEPS)
                if words:
                    print("\n".join(words), flush=True)
                    bad.append(words[0])
            seed += 1
        assert not bad, "\n".join(bad)
else:
    @pytest.mark.limit(LIMIT)
    @pytest.mark.parametrize("vendor", VENDORS)
    @pytest.mark.parametrize("seed", [1, 2])
    def test_model(sandbox, mount, test_dir, seed, vendor):
        words = play(seed, vendor, sandbox, mount, test_dir, 5)
        assert not words, "\n".join(words)
