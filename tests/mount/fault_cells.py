# SPDX-License-Identifier: Apache-2.0
"""The cells of the fault matrix: which faults there are, where each may happen, and what the contract says of it.

A fault is done to the requests of one place of one vendor (fault_vendors.py) as long as a cell lasts. What has to come
of it follows from the kind of the fault and the place alone: see wanted(). faults.md counts the cells;
`python3 fault_cells.py` writes it anew.
"""

import collections
import pathlib
import typing

import fault_acts as acts
import fault_store
from fault_scim import Scim
from fault_vendors import LISTS, VENDORS, WRITES

READS = [*LISTS, "get"]
PLACES = [*READS, *WRITES, "token"]
BODIES = [*READS, "PUT", "POST", "token"]  # a DELETE may be answered by nothing
USERS = ("partnerize", "acme")  # the vendors whose POST and DELETE are of users
TOTALS = ("elasticpath", "acme")  # the vendors that tell how many users there are
SAMPLED = {Scim.name: Scim}  # each fault at one place

# ---- the kinds of mounts ----

PLAIN = {"retry_budget": 0, "timeout": 60, "lag": 0}
MOUNTS = {
    "plain": PLAIN,
    "narrow": PLAIN | {"parallel": 1},  # one request after the other
    "TLS": PLAIN | {"parallel": 1},
    "impatient": PLAIN | {"timeout": 1},
    "patient": PLAIN | {"retry_budget": 60},
    "lagging": PLAIN | {"lag": 600},
    "default budget": {"timeout": 60, "lag": 0},
}


class Fault(typing.NamedTuple):
    """
    DO is done to a request. KIND is what the contract knows about; APPLIED says of a write whether the vendor has made
    the change. WORDS are a regular expression for the log. MOST is how often the request may be sent, 0: as often as it
    likes.
    """
    name: str
    kind: str
    do: typing.Callable
    places: list
    words: str = ""
    applied: bool = False
    mount: str = "plain"
    vendors: tuple = tuple(VENDORS)
    odd: str = ""  # the id that the subject has for the mount
    rewrite: typing.Callable = None  # of a vendor: makes what is done to all other requests
    most: int = 0
    beyond: bool = False  # to the pages behind this one, too
    change: typing.Callable = None  # of a wire: what becomes of it before the request is made

    def fits(self, vendor, place):
        return place in self.places and vendor in self.vendors and place in VENDORS[vendor].places


# ---- the contract ----

OK = "ok"
BROKEN = "EREMOTEIO"
STATUSES = {400: "EINVAL", 401: "EKEYREJECTED", 403: "EACCES", 404: "ENOENT", 409: "ESTALE", 412: "ESTALE",
            422: "EINVAL", 429: "EBUSY", 500: BROKEN, 502: BROKEN, 503: BROKEN}
# what few vendors send: not offered is 405 and 501, a document over the limit 413, all others are not what an API
# promises, or are errors of the server
RARE = {405: "EOPNOTSUPP", 406: BROKEN, 410: "ENOENT", 413: "EFBIG", 414: BROKEN, 415: BROKEN, 431: BROKEN, 451: BROKEN,
        501: "EOPNOTSUPP", 505: BROKEN, 507: BROKEN, 304: BROKEN, 302: BROKEN, 999: BROKEN}
DOCUMENTS = ("PUT", "POST")  # where a document is sent
KINDS = {"refused": {"ECONNREFUSED"}, "TLS": {"EPROTO"}, "silent": {"ETIMEDOUT"}, "broken": {BROKEN}, "fine": {OK},
         "whole or broken": {OK, BROKEN}}


def of_status(status, vendor, place):
    """What the table of errors says of a status, as wanted()."""
    name = (STATUSES | RARE)[status]
    if status in (404, 405, 409, 410, 412, 501) and place == "token" or status in (404, 410) and place in LISTS:
        # no record is missing there, or was changed, and tokens are offered: this is not what the API promises
        return {BROKEN}
    if status in (404, 405, 410, 501) and place == "get":
        # it is listed: so the vendor has no GET by id, and the row is the record
        return {OK}
    if status in (404, 410) and place == "DELETE":
        # the record is there all the same: not what the response says. With ENOENT, `rm -f` would report success
        return {BROKEN}
    if status == 413 and place not in DOCUMENTS:
        # nothing was sent that could be too large
        return {BROKEN}
    if status == 409 and place not in ("PUT", "DELETE"):
        return {"EEXIST"}
    if status == 400 and vendor == "elasticpath" and place in LISTS[1:]:
        # as from an offset that is too large: an error, or the complete list in another way
        return {BROKEN, OK}
    if name == "ESTALE" and (place in READS or (VENDORS | SAMPLED)[vendor].by_name(place)):
        # the kernel would do the same to the name once more
        return {"EBUSY"}
    return {name}


def wanted(fault, vendor, place):
    """The outcomes that the contract allows: "ok" or the name of an errno."""
    if place in WRITES and fault.applied:
        return {OK}  # a look at the record settles it
    return of_status(int(fault.kind), vendor, place) if fault.kind.isdigit() else KINDS[fault.kind]


def turns(faults):
    """FAULTS, each at one vendor, by turns; the token's at one that has tokens."""
    names, found = list(VENDORS), []
    for turn, fault in enumerate(faults):
        found.append(fault._replace(vendors=(names[turn % len(names)],),
                                    places=[place for place in fault.places if place != "token"]))
        if "token" in fault.places:
            found.append(fault._replace(vendors=(TOTALS[turn % len(TOTALS)],), places=["token"]))
    return found


# ---- statuses ----

LOST = r"lost|closed|reset"
UNLIKE = "JSON|empty|not applied|has no|no body|no token|response"
WORDS = b'{"error": {"message": "odd words"}}'
FAULTS = [Fault(str(status), str(status), acts.saying(status, WORDS), PLACES,
                "answered (404|that there is no such)" if status == 404 else f"answered {status}.*odd words")
          for status in STATUSES]
FAULTS += [Fault(f"{status} after it was applied", str(status), acts.saying(status, WORDS, True), WRITES, applied=True)
           for status in (500, 502, 503)]

def rare(status):
    words = "answered 410|there is no such" if status == 410 else f"answered {status}"
    return Fault(f"{status} without Location" if status == 302 else str(status), str(status),
                 acts.saying(status, b"" if status == 304 else WORDS), PLACES, words)


FAULTS += turns(map(rare, RARE))

# what is a success, and no usual one
EMPTY = b""
FAULTS.append(Fault("202 without rows", "broken", acts.without_rows(202), LISTS, "not ready|202"))
FAULTS += turns([
    Fault("201", "fine", acts.status_of(201), [*READS, "token"]),
    Fault("202 that is done later", "broken", acts.saying(202, b"{}"), WRITES, UNLIKE),
    Fault("202 after it was applied", "broken", acts.saying(202, b"{}", True), WRITES, applied=True),
    Fault("202", "broken", acts.status_of(202), [*LISTS, "get"], "not ready|202"),
    Fault("205", "broken", acts.saying(205, EMPTY), [*READS, *WRITES, "token"], UNLIKE),
    Fault("205 after it was applied", "broken", acts.saying(205, EMPTY, True), WRITES, applied=True),
    Fault("206 with a part", "whole or broken", acts.part_of(206), LISTS[:2], "part|page|rows|206"),
    Fault("206", "broken", acts.status_of(206), ["get"], "part|206"),
    Fault("206", "broken", acts.status_of(206), ["PUT"], applied=True),
    Fault("226", "whole or broken", acts.status_of(226), [*READS, "token"], "226"),
    Fault("226", "fine", acts.status_of(226), ["PUT", "POST"], applied=True),
])
FAULTS += turns([
    Fault("status 0", "broken", acts.status_line(b"HTTP/1.1 000 Odd\r\nContent-Length: 2\r\n\r\n{}"), PLACES, LOST),
    Fault("1xx only", "broken", acts.status_line(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n"),
          PLACES, LOST),
    Fault("101", "broken", acts.status_line(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: odd\r\n\r\n"), PLACES,
          f"{LOST}|answered 101"),
])

# ---- connections ----

LATE = r"no (complete )?response .* within"
FAULTS += [
    Fault("429 with Retry-After", "429", acts.saying(429, WORDS, Retry_After="3000"), PLACES, "answered 429"),
    Fault("refused connection", "refused", acts.last_words(acts.refused), PLACES, "could not connect", mount="narrow",
          change=acts.refused),
    Fault("reset", "broken", acts.reset, PLACES, LOST),
    Fault("reset after it was applied", "broken", acts.reset_after, WRITES, applied=True),
    Fault("stall", "silent", acts.stall, PLACES, LATE, mount="impatient"),
    Fault("stall after it was applied", "silent", acts.stall_after, WRITES, applied=True, mount="impatient"),
    Fault("a byte a second", "silent", acts.a_byte_a_second, PLACES, LATE, True, "impatient"),
    Fault("Content-Length too large", "silent", acts.too_long, PLACES, LATE, True, "impatient"),
    Fault("Content-Length too small", "broken", acts.too_short, PLACES, UNLIKE, True),
    Fault("rest of an earlier response", "fine", acts.rest_before, READS, mount="narrow"),
    Fault("rest of an earlier response", "fine", acts.once(acts.rest_before), ["PUT"], applied=True,
          mount="patient"),
    Fault("truncated body", "broken", acts.truncated, PLACES, LOST, True),
    Fault("truncated chunks", "broken", acts.truncated_chunks, PLACES, LOST, True),
    Fault("redirect to another host", "broken", acts.redirected, PLACES, "answered 307", mount="patient"),
]
for kind in ("wrong", "expired", "self-signed"):
    FAULTS.append(Fault(f"{kind} certificate", "TLS", acts.last_words(acts.certificate(kind)), PLACES, "certificate",
                        mount="TLS", change=acts.certificate(kind)))
for title, act in (("reset", acts.reset), ("503", acts.saying(503, WORDS))):
    FAULTS += [Fault(f"{title}, once", "fine", acts.once(act), READS, mount="patient"),
               Fault(f"{title}, once", "fine", acts.once(act), ["PUT"], applied=True, mount="patient")]

# The default retry_budget is 120 s. What cannot pass is asked for once, so that it ends at once; what passes is asked
# for until it has passed, and no more often.
BUDGET = {"mount": "default budget"}
FAULTS += turns([
    *[Fault(f"{status}, 120 s", str(status), acts.saying(status, WORDS), PLACES, f"answered {status}|there is no such",
            most=2 if status in (401, 409, 412) else 1, **BUDGET) for status in (400, 401, 403, 404, 409, 412, 422)],
    Fault("429 with Retry-After, 120 s", "429", acts.saying(429, WORDS, Retry_After="3000"), PLACES, "answered 429", most=1,
          **BUDGET),
    Fault("HTML, 120 s", "broken", acts.saying(200, acts.HTML, Content_Type="text/html"), [*READS, "token"], UNLIKE,
          most=1, **BUDGET),
    Fault("redirect to another host, 120 s", "broken", acts.redirected, PLACES, "answered 307", most=1, **BUDGET),
])
for title, act in (("reset", acts.reset), ("503", acts.saying(503, WORDS)), ("429", acts.saying(429, WORDS))):
    FAULTS += turns([Fault(f"{title} three times, 120 s", "fine", acts.once(act, 3), [place], applied=place in WRITES,
                           most=4, **BUDGET) for place in ("list page 1", "get", "PUT")])
FAULTS += turns([
    # never blindly
    Fault("reset, 120 s", "broken", acts.reset, ["POST"], LOST, most=1, **BUDGET),
    Fault("503, 120 s", "broken", acts.saying(503, WORDS), ["POST"], "answered 503", most=1, **BUDGET),
])

# ---- bodies ----

PAGE = {"Content_Type": "text/html"}
ILLEGIBLE, TWICE = b'"\xff\xfe"', b'1, "odd": 2'
FAULTS += [
    Fault("HTML", "broken", acts.saying(200, acts.HTML, **PAGE), PLACES, UNLIKE),
    Fault("HTML after it was applied", "broken", acts.saying(200, acts.HTML, True, **PAGE), WRITES, applied=True),
    Fault("empty 200", "broken", acts.saying(200, b""), BODIES, UNLIKE),
    Fault("empty 200 after it was applied", "broken", acts.saying(200, b"", True), WRITES, applied=True),
    Fault("204 for nobody", "broken", acts.saying(204, b""), PLACES, UNLIKE),
    Fault("200 that changed nothing", "broken", acts.saying(200, b"{}"), WRITES, UNLIKE),
    # a row of a list that is no JSON is asked for alone
    Fault("invalid UTF-8", "whole or broken", acts.written('"odd"', ILLEGIBLE), LISTS, UNLIKE),
    Fault("invalid UTF-8", "broken", acts.written('"odd"', ILLEGIBLE), ["get", "PUT", "POST", "token"], UNLIKE, True),
    Fault("duplicate keys", "whole or broken", acts.written('"odd"', TWICE), LISTS, UNLIKE),
    Fault("duplicate keys", "broken", acts.written('"odd"', TWICE), ["get", "PUT", "POST", "token"], UNLIKE, True),
    Fault("100 levels deep", "fine", acts.written('"odd"', b"[" * 100 + b"]" * 100), BODIES, applied=True),
    Fault("100 MiB", "broken", acts.huge, BODIES, "larger than", True),
    Fault("another record's row", "broken", acts.another_row, ["get", "PUT"], "another|instead|not the", True),
    Fault("another record's row", "whole or broken", acts.another_row, LISTS, "a second time"),
    Fault("masked secrets", "fine", acts.masked, ["get"], vendors=USERS),
    Fault("masked secrets", "fine", acts.masked, ["PUT"], applied=True, vendors=USERS, rewrite=acts.masking),
    Fault("meaningless ETags", "fine", acts.conditional, READS),
    Fault("meaningless ETags", "fine", acts.conditional, ["PUT"], applied=True, rewrite=acts.tagged),
]

# ---- ids ----

for title, odd in (("with /", "a/b"), ("of two dots", ".."), ("of 300 bytes", "x" * 300), ("with NUL", "a\0b"),
                   ("with half a surrogate pair", "\ud83d")):
    same = {"odd": odd, "rewrite": acts.renamed}
    users = {"vendors": USERS, "rewrite": acts.renamed}
    FAULTS += [
        Fault(f"an id {title}", "fine", acts.on_page(odd), LISTS, rewrite=acts.renamed),
        Fault(f"an id {title}", "fine", acts.as_rewritten, ["get"], **same),
        Fault(f"an id {title}", "fine", acts.as_rewritten, ["PUT"], applied=True, **same),
        Fault(f"an id {title}", "fine", acts.as_rewritten, ["DELETE"], applied=True, odd=odd, **users),
        Fault(f"an id {title}", "fine", acts.made_with(odd), ["POST"], applied=True, **users),
    ]

# ---- lists, and reads that are behind ----

FAULTS += [
    Fault("repeated page", "whole or broken", acts.repeated, LISTS[1:], "page"),
    Fault("truncated lists", "whole or broken", acts.halved, LISTS[:2], "page|rows"),
    # without a total nothing tells what the last page or a user who has gone leaves out
    Fault("truncated lists", "whole or broken", acts.halved, LISTS[2:], "page|rows", vendors=TOTALS),
    Fault("a list that shrinks", "fine", acts.shrinking, LISTS[1:], vendors=TOTALS),
    Fault("silent caps", "fine", acts.as_rewritten, LISTS[:1], rewrite=acts.capped),
    Fault("endless pages", "broken", acts.endless, LISTS[2:], "max_users|pages", rewrite=acts.endlessly, beyond=True),
    Fault("first page again", "whole or broken", acts.first_again, LISTS[2:], "page|again", vendors=USERS, beyond=True),
]
BEHIND = acts.lagging(100000)
FAULTS += [
    Fault("lag", "fine", acts.as_rewritten, ["list page 1", "get"], mount="lagging", rewrite=BEHIND),
    Fault("lag", "fine", acts.as_rewritten, ["PUT"], applied=True, mount="lagging", rewrite=BEHIND),
    Fault("lag", "fine", acts.as_rewritten, ["POST", "DELETE"], applied=True, mount="lagging",
          rewrite=acts.lagging(1000)),
]

CELLS = [(vendor, place, fault) for vendor in VENDORS for place in PLACES for fault in FAULTS
         if fault.fits(vendor, place)]


def sample():
    """The cells of SAMPLED."""
    found = collections.defaultdict(list)
    for fault in FAULTS:
        # the others are made for the ways of one vendor
        if fault.vendors != USERS and fault.do is not acts.endless:
            found[fault.name] += [(fault, place) for place in fault.places if place != "token"]
    for turn, choices in enumerate(found.values()):
        fault, place = choices[turn % len(choices)]
        yield Scim.name, place, fault


CELLS += sample()


def group_of(vendor, place, fault):
    """The cells with the same one have a mount in common."""
    return vendor, "any place" if vendor in SAMPLED else place, fault.mount


# ---- the table ----

TABLE = pathlib.Path(__file__).with_name("faults.md")
TITLE = """# The fault matrix

How many cells `test_fault_matrix.py` has, by the place of the fault and by what the contract says a user of the mount
sees: success, or an error. In cells of *ok or EREMOTEIO* a list is shown whole or refused; of the store, a write is
made or refused. Each cell is a fault of `fault_cells.py` at one place of Partnerize, Elastic Path (POST and DELETE of
memberships) or a described vendor, and each fault is at one place of a SCIM server; the store (`fault_store.py`) is one that several hosts share. In all of them:

- the outcome is the one that the contract gives, and nothing hangs; most cells have no `retry_budget`, and where it is
  the default of 120 s, requests are counted: what cannot pass is not sent again;
- after an error, a line of `.rosterfs/log` names the file, the errno and the fault;
- `ls` fails or shows every user, never a part;
- the vendor has the old record or the new one, whole, as the outcome says, and all other users are as before; at most
  one user was created;
- when the fault has gone, the first `ls` is complete, `cat` shows the record, and a write works.

`python3 tests/mount/fault_cells.py` writes this file anew, and the test compares it with the cells.

"""


def table():
    """The text of faults.md."""
    counts = collections.Counter((place, outcome(wanted(fault, vendor, place))) for vendor, place, fault in CELLS)
    counts.update(("store", outcome(allowed)) for _, _, allowed in fault_store.CELLS)
    columns = sorted({name for _, name in counts}, key=lambda name: (-name.count(OK), name))
    lines = ["| place | " + " | ".join(columns) + " | cells |", "|---" * (len(columns) + 2) + "|"]
    for place in [*PLACES, "store"]:
        found = [counts[place, name] for name in columns]
        lines.append(f"| {place} | " + " | ".join(str(count or "") for count in found) + f" | {sum(found)} |")
    total = [sum(counts[place, name] for place in [*PLACES, "store"]) for name in columns]
    lines.append("| all | " + " | ".join(map(str, total)) + f" | {sum(total)} |")
    faults = "; ".join(dict.fromkeys(fault.name for fault in FAULTS))
    listing = wrapped(f"The faults: {faults}. Of the store: {'; '.join(fault_store.FAULTS)}.")
    return TITLE + "\n".join(line.replace("|  |", "| |").replace("|  |", "| |") for line in [*lines, "", *listing, ""])


def outcome(names):
    return " or ".join(sorted(names, key=lambda name: (name != OK, name)))


def wrapped(text, width=120):
    lines = [""]
    for word in text.split(" "):
        if len(lines[-1]) + len(word) + 1 > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
