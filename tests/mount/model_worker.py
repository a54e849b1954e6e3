# SPDX-License-Identifier: Apache-2.0
"""One process of the model test: some threads that read, write, and stir up the vendor.

    model_worker.py PLAN        PLAN is a JSON file; see model_round.py

It keeps documents in memory and writes them back later, as programs do, and tells in a file of JSON
lines what it asked for and how that ended. "go" on stdin begins the next phase, "done" on stdout
tells its end. What a thread does at each step hangs on the seed alone, not on how the steps before ended.
"""

import contextlib
import csv
import errno
import http.client
import json
import os
import pathlib
import random
import shlex
import subprocess
import sys
import threading
import time

from model_forms import DOCUMENT_FORMS, STATUS_FORMS, by_opening, run

# the daemon has been killed, or is not there yet
GONE = {errno.ENOTCONN, errno.ECONNABORTED, errno.ENOENT, errno.EIO, errno.ENOTDIR, errno.ENODEV}
WORDS = {"active\n", "inactive\n"}


def now():
    """Microseconds on the clock that the sandbox goes by."""
    return time.monotonic_ns() // 1000


def get(document, path):
    for name in path.split("."):
        document = document.get(name) if isinstance(document, dict) else None
    return document


def put(document, path, value):
    *above, last = path.split(".")
    for name in above:
        document = document.setdefault(name, {})
    document[last] = value


def drop(document, path):
    *above, last = path.split(".")
    for name in above:
        document = document.get(name) or {}
    document.pop(last, None)


def copy(document):
    return json.loads(json.dumps(document))


def text_of(document):
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


class Worker:
    def __init__(self, plan):
        self.plan = plan
        self.users = plan["users"]
        self.lock = threading.Lock()
        self.known = {}  # user: documents that were read, the newest last
        self.out = open(plan["out"], "w", encoding="utf-8")
        self.host = plan["host"]
        self.local = threading.local()  # .number of the mount that a thread works on, where there are two

    # ---- the mount, and the sandbox ----

    def place(self):
        """The number of the mount, and its path; waits while there is none."""
        end = time.monotonic() + self.plan["patience"]
        while time.monotonic() < end:
            where = self.plan["where"][self.local.number % len(self.plan["where"])]
            number, _, path = pathlib.Path(where).read_text(encoding="utf-8").partition(" ")
            if path and os.path.exists(f"{path}/.rosterfs/status"):
                return int(number), pathlib.Path(path) / self.plan["directory"]
            time.sleep(0.02)
        raise RuntimeError("no mount came up")

    def control(self, method, name, body=None):
        connection = http.client.HTTPConnection(*self.host, timeout=self.plan["patience"])
        try:
            connection.request(method, "/__sandbox/" + name, json.dumps(body) if body is not None else None,
                               {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def tell(self, step, **what):
        line = json.dumps({"process": self.plan["process"], "pid": os.getpid(), **step, **what})
        with self.lock:
            self.out.write(line + "\n")
            self.out.flush()

    # ---- a status in a document ----

    def word(self, value):
        """The word for a document's VALUE."""
        return next((word for word, one in self.plan["words"].items() if one == value), value)

    def named(self, fields):
        """FIELDS by their paths, the status by its word."""
        at = self.plan["status_at"]
        return {"status" if path == at else path: self.word(value) if path == at else value
                for path, value in fields.items()}

    def plain(self, document):
        """DOCUMENT as the judge takes it: the status by its word."""
        at, document = self.plan["status_at"], copy(document)
        if at and get(document, at) is not None:
            value = get(document, at)
            drop(document, at)
            document["status"] = self.word(value)
        return document

    # ---- reading ----

    def read(self, user):
        """(number of the mount, document); OSError. A text that is no document is told."""
        number, folder = self.place()
        began = now()
        text = (folder / f"{user}.json").read_text(encoding="utf-8")
        problem = None
        try:
            document = json.loads(text)
            if document.get(self.plan["key"]) != user:
                problem = "another record"
        except ValueError:
            problem, document = f"no document: {len(text)} bytes: {text[:80]!r}", None
        if problem:
            self.tell({"kind": "read", "user": user}, t0=began, t1=now(), problem=problem, ok=False)
            raise OSError(errno.EPROTO, problem)
        if self.place()[0] == number:
            with self.lock:
                self.known.setdefault(user, []).append((number, document))
                del self.known[user][:-5]
        return number, document

    def old(self, user, dice, stampless):
        """Some document of USER that this process has read, or a new one."""
        number = self.place()[0]
        with self.lock:
            # a new mount can't know that a document without an exact stamp is old
            usable = [one for one in self.known.get(user, [])
                      if one[0] == number or (self.plan["exact"] and not stampless)]
        return dice.choice(usable) if usable else self.read(user)

    # ---- one step each ----

    def value(self, step):
        return f"w{step['thread']}x{step['n']}"

    def attempt(self, step, user, wanted, save, **more):
        """Call SAVE, which is to bring about WANTED, and tell how it ended."""
        first, folder = self.place()
        began = now()
        failed = words = None
        try:
            save(folder)
        except OSError as error:
            failed, words = error.errno or errno.EPROTO, error.strerror
        ended = now()
        self.tell(step, user=user, t0=began, t1=ended, wanted=wanted, ok=not failed, mount=first, words=words,
                  error=errno.errorcode.get(failed, str(failed)) if failed else "ok", **more)
        if failed in GONE:
            self.place()
        return not failed

    def save_document(self, step, user, dice, number, document, edits, base, acked=(), stamped=None, forms=None):
        """DOCUMENT, which was made of BASE, goes out with EDITS; what was ACKED is no wish any more."""
        document = copy(document)
        for path, value in edits.items():
            put(document, path, value)
        stamped = dice.random() < 0.75 if stamped is None else stamped
        if not stamped:
            drop(document, self.plan["stamp_at"])
        form = dice.choice(forms or list(DOCUMENT_FORMS))
        at = self.plan["status_at"]
        wanted = {path: get(document, path) for path in self.plan["fields"] + [at] * bool(at)
                  if get(document, path) != get(base, path) and (path, get(document, path)) not in acked}
        return self.attempt(step, user, self.named(wanted), lambda folder: DOCUMENT_FORMS[form](
            folder / f"{user}.json", text_of(document).encode()), form=form, base=self.plain(base),
            stated=at and self.word(get(document, at)), stamped=stamped, read_at=number)

    def edits(self, step, dice, status=0.15):
        fields = dice.sample(self.plan["fields"], dice.choice([1, 1, 2]))
        edits = {path: self.value(step) for path in fields}
        if self.plan["status_at"] and dice.random() < status:
            edits[self.plan["status_at"]] = self.plan["words"][dice.choice(["inactive", "active", "inactive"])]
        return edits

    def do_fresh(self, step, user, dice):
        number, document = self.read(user)
        self.save_document(step, user, dice, number, document, self.edits(step, dice), document)

    def do_old(self, step, user, dice):
        edits = self.edits(step, dice)
        stamped = dice.random() < 0.6
        number, document = self.old(user, dice, not stamped)
        self.save_document(step, user, dice, number, document, edits, document, stamped=stamped)

    def do_editor(self, step, user, dice):
        """Saves one after the other from one buffer."""
        number, base = self.read(user)
        buffer, acked = copy(base), set()
        # where no time names the version, one process is not known by what another one has left
        forms = None if self.plan["exact"] else ["open", "fsync", "cut", "pieces", "replace"]
        for turn in range(dice.choice([2, 2, 3])):
            edits = {dice.choice(self.plan["fields"]): f"{self.value(step)}t{turn}"}
            for path, value in edits.items():
                put(buffer, path, value)
            done = self.save_document(step, user, dice, number, buffer, {}, base, acked, forms=forms)
            if done:
                acked |= set(edits.items())
            if self.place()[0] != number:
                break

    def do_small(self, step, user, dice):
        """A document of one or two fields."""
        document = {}
        edits = self.edits(step, dice, 0.3)
        for path, value in edits.items():
            put(document, path, value)
        form = dice.choice(list(DOCUMENT_FORMS))
        edits = self.named(edits)
        self.attempt(step, user, edits, lambda folder: DOCUMENT_FORMS[form](
            folder / f"{user}.json", text_of(document).encode()), form=form, stated=edits.get("status"))

    def do_sed(self, step, user, dice):
        path = dice.choice(self.plan["fields"])
        value = self.value(step)
        blanks, name = "  " * len(path.split(".")), path.rpartition(".")[2]
        script = f's/^{blanks}"{name}": "[^"]*"/{blanks}"{name}": "{value}"/'
        if dice.random() < 0.5:
            words = ["sed", "-i", "-e", script, f"{user}.json"]
        else:
            words = ["vim", "-es", "-n", "-u", "NONE", "-c", f"%{script}", "-c", "wq!", f"{user}.json"]
            if not self.plan["vim"]:
                words = ["perl", "-pi", "-e", script, f"{user}.json"]

        def save(folder):
            run(["sh", "-c", f"cd {shlex.quote(str(folder))} && exec {shlex.join(words)}"])
        # vim says nothing where it has found nothing to replace
        self.attempt(step, user, {path: value}, save, form=words[0], claims=words[0] != "vim")

    def do_killed(self, step, user, dice):
        """A writer that is killed while it writes."""
        number, document = self.read(user)
        document = copy(document)
        edits = self.edits(step, dice, 0)
        for path, value in edits.items():
            put(document, path, value)
        data = text_of(document).encode()
        cut = dice.choice([len(data), len(data) // 2])
        pause = dice.random() * 0.1

        def save(folder):
            with subprocess.Popen(["sh", "-c", 'exec cat > "$1"', "sh", folder / f"{user}.json"],
                                  stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as writer:
                with contextlib.suppress(BrokenPipeError):
                    writer.stdin.write(data[:cut])
                    writer.stdin.flush()
                time.sleep(pause)
                writer.kill()
                with contextlib.suppress(BrokenPipeError):
                    writer.stdin.close()
            raise OSError(errno.EINTR, "killed")
        self.attempt(step, user, edits, save, form="killed", read_at=number)

    def do_status(self, step, user, dice):
        word = dice.choice(["inactive", "active", "inactive"])
        form = dice.choice(list(STATUS_FORMS))
        self.attempt(step, user, {"status": word}, lambda folder: STATUS_FORMS[form](
            folder / f"{user}.status", word.encode() + b"\n"), form=form, absolute=True)

    def do_link(self, step, user, dice):
        """Elastic Path: a membership is made, or ended."""
        account = dice.choice(self.plan["accounts"])
        makes = dice.random() < 0.6

        def save(folder):
            path = folder / f"accounts/{account}/members/{user}.json"
            if makes:
                os.symlink(f"../../../{user}.json", path)
            else:
                os.unlink(path)
        self.attempt(step, user, {"member": [account, makes]}, save, form="ln" if makes else "rm")

    def do_read(self, step, user, dice):
        began, problem = now(), None
        for _ in range(dice.choice([1, 10])):
            self.read(user)
            text = (self.place()[1] / f"{user}.status").read_text(encoding="utf-8")
            if text not in WORDS:
                problem = f"a status: {text!r}"
        self.tell(step, user=user, t0=began, t1=now(), ok=not problem, problem=problem)

    def do_look(self, step, user, dice):
        """What one file, or one of the tables, shows of a user: the judge knows what it must be."""
        way, path = dice.choice(["json", "status", "jsonl", "csv", "csv"]), dice.choice(self.plan["fields"])
        number, folder = self.place()
        began, problem = now(), None
        table = folder.parent / f"tables/{self.plan['directory']}.{way}"
        if way == "status":
            shown = {"status": (folder / f"{user}.status").read_text(encoding="utf-8").strip()}
        elif way == "csv":
            rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
            problem, row = self.row_of(rows, user)
            shown = {} if problem else {path: row.get(path) or None, "status": self.word(row["status"])}
        else:
            text = (folder / f"{user}.json" if way == "json" else table).read_text(encoding="utf-8")
            rows = list(map(json.loads, text.splitlines())) if way == "jsonl" else [json.loads(text)]
            problem, row = self.row_of(rows, user, way == "jsonl")
            shown = {} if problem else self.plain(row)
            shown = {name: get(shown, name) for name in (path, *["status"] * bool(self.plan["status_at"])) if shown}
        if self.place()[0] != number:
            return
        self.tell(step, user=user, t0=began, t1=now(), ok=True, form=way, shown=shown, mount=number,
                  problem=problem)

    def row_of(self, rows, user, whole=True):
        """(what is wrong, the row of USER): each user of the round stands in a table once."""
        ids = [str(row[self.plan["key"]]) for row in rows]
        if len(set(ids)) != len(ids):
            return f"a user twice: {ids}", None
        if not {*self.users} <= {*ids} and whole:
            return f"not in the table: { {*self.users} - {*ids} }", None
        return (None, rows[ids.index(user)]) if user in ids else (f"another record: {ids}", None)

    def do_create(self, step, user, dice):
        """A user is made, and now and then deleted again."""
        email = f"made{self.plan['seed']}.{step['thread']}.{step['n']}@example.com"
        text = json.dumps(self.plan["new"]).replace("EMAIL", email)
        number, folder = self.place()
        draft = folder / f"new/m{step['thread']}x{step['n']}.json"
        told = {"user": "", "t0": now(), "email": email, "document": json.loads(text)}
        try:
            by_opening(draft, text.encode(), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            ident = pathlib.Path(os.readlink(draft)).name.removesuffix(".json")
        except OSError as error:
            self.tell(step, **told, t1=now(), ok=False, error=errno.errorcode.get(error.errno, str(error.errno)))
            raise
        self.tell(step, **told, t1=now(), ok=True, error="ok", ident=ident, mount=number)
        if dice.random() < 0.4:
            began, failed = now(), "ok"
            try:
                STATUS_FORMS["open"](folder / f"{ident}.status", b"deleted\n")
            except OSError as error:
                failed = errno.errorcode.get(error.errno, str(error.errno))
            self.tell({**step, "kind": "delete"}, user="", t0=began, t1=now(), ok=failed == "ok", error=failed,
                      email=email, ident=ident, mount=number)

    def do_list(self, step, user, dice):
        _, folder = self.place()
        began = now()
        if dice.random() < 0.6:
            (folder.parent / ".rosterfs/refresh").write_text("all\n")
        missing = {f"{one}.json" for one in self.users} - set(os.listdir(folder))
        self.tell(step, user=user, t0=began, t1=now(), ok=not missing,
                  problem=f"not in the list: {missing}" if missing else None)

    def do_colleague(self, step, user, dice):
        change = {}
        for path in dice.sample(self.plan["fields"], dice.choice([1, 1, 2])):
            put(change, path, "c" + self.value(step))
        if dice.random() < 0.4 and self.plan["status_at"]:
            word = dice.choice(["active", "inactive"])
            change = {} if dice.random() < 0.7 else change
            put(change, self.plan["status_at"], self.plan["words"][word])
        # a merge patch of the store: its objects are merged
        self.control("PATCH", self.plan["colleague"] + user, change)
        self.tell(step, user=user, t0=now(), t1=now(), ok=True, change=change)

    def do_join(self, step, user, dice):
        """A colleague makes a membership, or ends all of one member's."""
        account = dice.choice(self.plan["accounts"])
        makes = dice.random() < 0.5
        if makes:
            self.control("POST", "elasticpath/memberships",
                         {"account_id": account, "account_member_id": user})
        else:
            connection = http.client.HTTPConnection(*self.host, timeout=self.plan["patience"])
            connection.request("GET", "/__sandbox/elasticpath/memberships")
            for one in json.loads(connection.getresponse().read()):
                if user in json.dumps(one):
                    self.control("DELETE", "elasticpath/memberships/" + one["id"])
            connection.close()
        self.tell(step, user=user, t0=now(), t1=now(), ok=True, change={"member": [account, makes]})

    def do_fault(self, step, user, dice):
        fault = copy(dice.choice(self.plan["faults"]))
        path = fault.pop("path", "item")
        fault["path"] = self.plan["paths"][path].replace("{}", user)
        if fault["fault"].startswith("colleague"):
            word, body = dice.choice(["inactive", "active", None]), {}
            if word and self.plan["status_at"]:
                put(body, self.plan["status_at"], self.plan["words"][word])
            else:
                put(body, self.plan["fields"][0], "cf" + self.value(step))
            fault.update(target=self.plan["colleague"] + user, body=body)
        if fault["fault"] == "late":
            fault["ms"] = dice.choice([300, 1500, 3000, 4500])
            if dice.random() < 0.6:
                fault["body"] = "drop"
        status = self.control("POST", "faults", fault)
        self.tell(step, user=user, t0=now(), t1=now(), ok=status == 200, fault=fault,
                  problem=None if status == 200 else f"the fault was refused: {fault}")

    def do_settings(self, step, user, dice):
        settings = copy(dice.choice(self.plan["settings"]))
        status = self.control("PUT", "settings", settings)
        self.tell(step, user=user, t0=now(), t1=now(), ok=status == 200, settings=settings)

    # ---- all of them ----

    def step(self, thread, number):
        dice = random.Random(f"{self.plan['seed']}-{thread}-{number}")
        names = list(self.plan["weights"])
        kind = dice.choices(names, self.plan["weights"].values())[0]
        user = dice.choice(self.users)
        step = {"thread": thread, "n": number, "kind": kind}
        time.sleep(dice.random() * self.plan["pause"])
        began = now()
        try:
            getattr(self, "do_" + kind)(step, user, dice)
        except OSError as error:
            self.tell(step, user=user, t0=began, t1=now(), ok=False, words=str(error),
                      error=errno.errorcode.get(error.errno, str(error.errno)))
            if error.errno in GONE:
                self.place()

    def phase(self, number):
        def work(thread):
            self.local.number = thread
            try:
                for step in range(self.plan["steps"]):
                    self.step(thread, number * self.plan["steps"] + step)
            except Exception as error:  # pylint: disable=broad-except
                self.tell({"thread": thread, "n": -1, "kind": "broken"}, user="", t0=now(), t1=now(),
                          ok=False, problem=f"{type(error).__name__}: {error}")
        threads = [threading.Thread(target=work, args=(thread,)) for thread in self.plan["threads"]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def main():
    worker = Worker(json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")))
    for number, _ in enumerate(sys.stdin):
        worker.phase(number)
        print("done", flush=True)


if __name__ == "__main__":
    main()
