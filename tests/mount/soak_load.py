# SPDX-License-Identifier: Apache-2.0
"""The load of the soak test: threads that read, write, edit, search and stir up all that a mount stands on.

Each thread does its step again and again while a round lasts. A step may fail in any way, since the vendors and the
store fail as well; what it leaves behind is what the test is about. See test_soak.py.
"""

import collections
import contextlib
import errno
import json
import os
import random
import signal
import subprocess
import threading
import time

from model_forms import DOCUMENT_FORMS, STATUS_FORMS, by_opening, run
from model_vendors import GET, PUT
from system import Failure

# how many threads do what
THREADS = {"read": 6, "table": 2, "person": 2, "walk": 1, "search": 1, "killed": 1, "document": 4, "status": 3, "vim": 1,
           "sed": 1, "scratch": 1, "make": 1, "membership": 1, "refresh": 1, "reload": 1, "fault": 1, "colleague": 1}
ANY = {"times": 1}
FAULTS = [
    {**ANY, "fault": "status", "status": 429}, {**ANY, "fault": "status", "status": 429, "retry_after": "1"},
    {**ANY, "fault": "status", "status": 500}, {**ANY, "fault": "status", "status": 503, "times": 3},
    {**ANY, "fault": "drop"}, {**ANY, "fault": "drop_after"}, {**ANY, "fault": "stall"},
    {**ANY, "fault": "stall_after"}, {**ANY, "fault": "html"}, {**ANY, "fault": "not_json"},
    {**ANY, "fault": "empty"}, {**ANY, "fault": "truncate"}, {**ANY, "fault": "truncate", "body": "chunked"},
    {**ANY, "fault": "slow", "ms": 500}, {**PUT, "fault": "late", "ms": 1500}, {**PUT, "fault": "not_applied"},
    {**GET, "fault": "wrong_user"}, {**GET, "fault": "duplicate_row"}, {**GET, "fault": "short_page"},
    {**ANY, "fault": "expire_tokens"}, {**PUT, "fault": "status", "status": 409},
]


class Vendor:
    """One directory: how its documents are read and changed. NEW: a user to make, with EMAIL for the address."""

    def __init__(self, name, field, new=None, control=None, gentle=False):
        self.name, self.field, self.new, self.control, self.gentle = name, field, new, control, gentle


class Load:
    """On MOUNTS of SANDBOX with VENDORS; SERVER is the store of all of them, CONFIGS what a reload chooses of."""

    def __init__(self, mounts, sandbox, server, vendors, configs, seed):
        self.mounts, self.box, self.server, self.vendors, self.configs = mounts, sandbox, server, vendors, configs
        self.seed = seed
        self.names = {}
        self.done = collections.Counter()
        self.failed = collections.Counter()
        self.broken = []
        self.stop = threading.Event()

    def learn(self):
        """Whom the vendors have; the key's own user is left alone."""
        for vendor in self.vendors:
            names = sorted(name[:-5] for name in os.listdir(self.mounts[0].path / vendor.name)
                           if name.endswith(".json"))
            own = self.mounts[0].path / vendor.name / "self"
            self.names[vendor.name] = [name for name in names
                                       if not (own.is_symlink() and os.readlink(own) == f"{name}.json")]

    # ---- the threads ----

    def round(self, seconds, number):
        """SECONDS of all threads; then none is left."""
        self.stop.clear()
        threads = [threading.Thread(target=self.work, args=(kind, f"{self.seed}-{number}-{kind}-{one}"))
                   for kind, count in THREADS.items() for one in range(count)]
        for thread in threads:
            thread.start()
        # a server ends with the thread that started it
        dice, end = random.Random(f"{self.seed}-{number}"), time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(min(2 + dice.random() * 8, max(0, end - time.monotonic())))
            self.upset_store(dice)
        self.stop.set()
        for thread in threads:
            thread.join()

    def work(self, kind, seed):
        dice = random.Random(seed)
        while not self.stop.is_set():
            try:
                getattr(self, "do_" + kind)(dice)
                self.done[kind] += 1
            except (OSError, ValueError, Failure) as error:
                self.failed[errno.errorcode.get(getattr(error, "errno", None), type(error).__name__)] += 1
            except Exception as error:  # pylint: disable=broad-except
                self.broken.append(f"{kind}: {type(error).__name__}: {error}")
                return
            self.stop.wait(dice.random() * 0.02)

    def place(self, dice):
        """A mount's directory of a vendor, and one of its users."""
        vendor = dice.choice(self.vendors)
        return dice.choice(self.mounts).path / vendor.name, dice.choice(self.names[vendor.name]), vendor

    # ---- readers ----

    def do_read(self, dice):
        folder, name, _ = self.place(dice)
        (folder / (name + dice.choice([".json", ".status"]))).read_bytes()

    def do_table(self, dice):
        tables = dice.choice(self.mounts).path / "tables"
        (tables / dice.choice(os.listdir(tables))).read_bytes()

    def do_person(self, dice):
        people = dice.choice(self.mounts).path / "by-email"
        person = people / dice.choice(os.listdir(people))
        for name in os.listdir(person):
            (person / name).read_bytes()

    def do_walk(self, dice):
        subprocess.run(["find", dice.choice(self.mounts).path, "-path", "*/history/*", "-prune", "-o", "-ls"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)

    def do_search(self, dice):
        folder, name, _ = self.place(dice)
        subprocess.run(["grep", "-rl", name, folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       check=False)

    def do_killed(self, dice):
        """Readers and writers that are killed on the way."""
        folder, name, vendor = self.place(dice)
        command = dice.choice([f"cat {name}.json", f"ls -l >/dev/null; cat {name}.status",
                               f"""echo '{{"{vendor.field}": "killed"}}' > {name}.json"""])
        with subprocess.Popen(["sh", "-c", command], cwd=folder, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, start_new_session=True) as process:
            self.stop.wait(dice.random() * 0.1)
            with contextlib.suppress(OSError):
                os.killpg(process.pid, dice.choice([signal.SIGKILL, signal.SIGINT]))

    # ---- writers ----

    def do_document(self, dice):
        folder, name, vendor = self.place(dice)
        path = folder / f"{name}.json"
        document = json.loads(path.read_text(encoding="utf-8"))
        document[vendor.field] = f"soak {dice.randrange(10**6)}"
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        DOCUMENT_FORMS[dice.choice(list(DOCUMENT_FORMS))](path, text.encode()[:dice.choice([None, None, None, 40])])

    def do_status(self, dice):
        folder, name, vendor = self.place(dice)
        word = dice.choice([b"active\n", b"inactive\n", b"inactive\n", b"nonsense\n"])
        if not vendor.gentle:
            STATUS_FORMS[dice.choice(list(STATUS_FORMS))](folder / f"{name}.status", word)

    def do_vim(self, dice):
        folder, name, vendor = self.place(dice)
        run(["sh", "-c", f"cd '{folder}' && exec vim -es -u NONE -c 'silent! %s/\"{vendor.field}\": \"[^\"]*\"/"
                         f"\"{vendor.field}\": \"vim {dice.randrange(1000)}\"/' -c 'wq!' {name}.json"])

    def do_sed(self, dice):
        folder, name, vendor = self.place(dice)
        run(["sed", "-i", "-e", f's/"{vendor.field}": "[^"]*"/"{vendor.field}": "sed {dice.randrange(1000)}"/',
             str(folder / f"{name}.json")])

    def do_scratch(self, dice):
        folder, _, _ = self.place(dice)
        path = folder / f"notes{dice.randrange(50)}.txt"
        path.write_text("x" * dice.randrange(50000))
        path.unlink()

    def do_make(self, dice):
        """A user is made and deleted; whatever is left of a draft is removed."""
        vendor = dice.choice([one for one in self.vendors if one.new])
        folder, number = dice.choice(self.mounts).path / vendor.name, dice.randrange(10**9)
        draft = folder / f"new/s{number}.json"
        text = json.dumps(vendor.new).replace("EMAIL", f"soak{number}@example.com")
        try:
            by_opening(draft, text.encode(), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            by_opening((folder / "new" / os.readlink(draft)).with_suffix(".status"), b"deleted\n")
        finally:
            with contextlib.suppress(OSError):
                draft.unlink()

    def do_membership(self, dice):
        """Elastic Path: one is made or ended."""
        folder = dice.choice(self.mounts).path / "elasticpath"
        accounts = folder / "accounts"
        account = accounts / dice.choice([name for name in os.listdir(accounts) if name != "new"]) / "members"
        name = dice.choice(self.names["elasticpath"]) + ".json"
        if name in os.listdir(account):
            os.unlink(account / name)
        else:
            os.symlink(f"../../../{name}", account / name)

    # ---- what stirs it up ----

    def do_refresh(self, dice):
        m = dice.choice(self.mounts)
        (m.path / ".rosterfs/refresh").write_text(dice.choice(["all", *(one.name for one in self.vendors)]) + "\n")
        for name in ("status", "metrics", "log"):
            (m.path / ".rosterfs" / name).read_bytes()
        self.stop.wait(dice.random())

    def do_reload(self, dice):
        number = dice.randrange(len(self.mounts))
        m = self.mounts[number]
        m.config_file.write_text(dice.choice(self.configs))
        os.kill(m.pid, signal.SIGHUP)
        self.stop.wait(1 + dice.random() * 3)

    def do_fault(self, dice):
        self.box.fault(**dice.choice(FAULTS))
        self.stop.wait(dice.random() * 0.3)

    def do_colleague(self, dice):
        """Somebody else changes users, makes some and deletes them."""
        vendor = dice.choice([one for one in self.vendors if one.control])
        name = dice.choice(self.names[vendor.name])
        self.box.control("PATCH", f"{vendor.control}/{name}", {vendor.field: f"theirs {dice.randrange(1000)}"})
        self.stop.wait(dice.random() * 0.2)

    def upset_store(self, dice):
        """It forgets all, or does not reply for a while."""
        kind = dice.choice(["restart", "restart", "pause", "flush"])
        if kind == "restart":
            self.server.restart()
        elif kind == "pause":
            with self.server.paused():
                time.sleep(dice.random() * 3)
        else:
            self.server.ask("FLUSHALL")
        self.done["store"] += 1
