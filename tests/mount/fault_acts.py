# SPDX-License-Identifier: Apache-2.0
"""What a fault of the matrix does to a request: functions of a Hit (fault_wire.py), a vendor and a place.

Others are made of a vendor, for all other requests of a cell: functions of a Wire and a request that return an answer.
"""

import json
import re
import urllib.parse

from fault_vendors import LISTS, MASK
from fault_wire import Answer, head_of, slowly

HTML = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in</body></html>"
HUGE = 100 << 20


def refused(wire, but=None):
    """Nobody listens any more."""
    wire.refuse(but)


def certificate(name):
    """Whoever connects is shown the certificate NAME."""
    def change(wire, but=None):
        wire.present(name, but)
    return change


def last_words(change):
    """The server is another one as soon as this request is answered."""
    def do(hit, _vendor, _place):
        answer = hit.passed()
        change(hit.wire, hit.near)
        hit.say(answer._replace(headers=answer.headers | {"Connection": "close"}))
        hit.close()
    return do


def reset(hit, _vendor, _place):
    hit.reset()


def reset_after(hit, _vendor, _place):
    hit.passed()
    hit.reset()


def stall(hit, _vendor, _place):
    hit.wait()
    hit.close()


def stall_after(hit, _vendor, _place):
    hit.passed()
    hit.wait()
    hit.close()


def a_byte_a_second(hit, _vendor, _place):
    answer = hit.passed()
    slowly(hit, head_of(answer) + answer.body)


def body_of(hit):
    """An answer that has a body: also where the vendor has none to send."""
    answer = hit.passed()
    if answer.body:
        return answer
    return Answer(200, {"Content-Type": "application/json"}, b'{"done": true, "more": "than a word"}')


def truncated(hit, _vendor, _place):
    answer = body_of(hit)
    hit.raw(head_of(answer) + answer.body[:len(answer.body) // 2])
    hit.close()


def truncated_chunks(hit, _vendor, _place):
    answer = body_of(hit)
    head = head_of(answer).replace(b"Content-Length: %d" % len(answer.body), b"Transfer-Encoding: chunked")
    half = answer.body[:len(answer.body) // 2]
    hit.raw(head + b"%x\r\n%s\r\n" % (len(half), half))
    hit.close()


def too_long(hit, _vendor, _place):
    """More is promised than comes, and the connection stays."""
    answer = body_of(hit)
    hit.raw(head_of(answer, len(answer.body) + 10) + answer.body)
    hit.wait()
    hit.close()


def too_short(hit, _vendor, _place):
    """The rest of the body stands where the next answer is expected."""
    answer = body_of(hit)
    hit.raw(head_of(answer, len(answer.body) // 2) + answer.body)


def rest_before(hit, _vendor, _place):
    """On a connection that was used before, the rest of an earlier answer comes first."""
    if hit.near in hit.wire.used:
        hit.raw(b'": "the rest"}]}')
        hit.close()
    hit.say(hit.passed())


def saying(status, body, after=False, **headers):
    """An answer of its own, before or after the request was handled."""
    def do(hit, _vendor, _place):
        if after:
            hit.passed()
        found = {name.replace("_", "-"): value for name, value in headers.items()}
        hit.say(Answer(status, {"Content-Type": "application/json", **found}, body))
    return do


def status_of(status):
    """The answer, under another status."""
    def do(hit, _vendor, _place):
        hit.say(hit.passed()._replace(status=status))
    return do


def without_rows(status):
    def do(hit, vendor, _place):
        answer = hit.passed()
        value = answer.json()
        vendor.rows(value).clear()
        hit.say(answer.saying(value)._replace(status=status))
    return do


def part_of(status):
    """The first half of the rows."""
    def do(hit, vendor, _place):
        answer = hit.passed()
        value = answer.json()
        del vendor.rows(value)[len(vendor.rows(value)) // 2:]
        hit.say(answer.saying(value)._replace(status=status))
    return do


def status_line(data):
    """DATA, and no more."""
    def do(hit, _vendor, _place):
        hit.raw(data)
        hit.close()
    return do


def redirected(hit, _vendor, _place):
    hit.say(Answer(307, {"Location": hit.wire.elsewhere()}, b""))


def records(vendor, place, value):
    if place in LISTS:
        return vendor.rows(value)
    return [value] if place == "token" else [vendor.record(value)]


def changed(change):
    """The answer with CHANGE(vendor, records, whole answer) made to it."""
    def do(hit, vendor, place):
        answer = hit.passed()
        if answer.status < 300 and answer.body:
            value = answer.json()
            change(vendor, records(vendor, place, value), value)
            answer = answer.saying(value)
        hit.say(answer)
    return do


def written(name, value):
    """The first record has another member NAME, whose VALUE is written as it stands."""
    def do(hit, vendor, place):
        answer = hit.passed()
        found = answer.json()
        records(vendor, place, found)[0]["@"] = "@"
        text = json.dumps(found).encode()
        hit.say(answer.saying(text.replace(b'"@": "@"', name.encode() + b": " + value)))
    return do


def huge(hit, _vendor, _place):
    """The answer, with a member of 100 MiB."""
    answer = body_of(hit)
    start = answer.body.rstrip()[:-1] + b', "much": "'
    hit.raw(head_of(answer, len(start) + HUGE + 2) + start)
    piece = b"a" * (1 << 20)
    for _ in range(HUGE >> 20):
        hit.raw(piece)
    hit.raw(b'"}')


def another_row(hit, vendor, place):
    """The record of somebody else; in a list, a row that stands there already."""
    answer = hit.passed()
    value = answer.json()
    if place in LISTS:
        rows = vendor.rows(value)
        rows[-1] = rows[0]
    else:
        other = next(ident for ident in sorted(vendor.ids()) if ident != str(vendor.subject))
        found = vendor.wire.ask(hit.request._replace(method="GET", target=f"{vendor.items}/{other}", body=b""))
        value = found.json()
    hit.say(answer.saying(value))


def listed(vendor, hit, page):
    """The answer of another page."""
    return hit.passed(hit.request._replace(target=vendor.target(hit.request, page)))


def repeated(hit, vendor, place):
    """The page before this one."""
    hit.say(listed(vendor, hit, {"a middle page": 1, "the last page": 2}[place]))


def first_again(hit, vendor, _place):
    """Behind the end there is the first page."""
    if vendor.name == "acme":
        hit.say(hit.passed().saying(hit.passed().json() | {"next": "0"}))
    else:
        hit.say(listed(vendor, hit, 1))


def endless(hit, vendor, _place):
    """Each page is full, and there is one behind it."""
    answer = hit.passed()
    value, page = answer.json(), vendor.page_of(hit.request)
    rows = vendor.rows(value)
    if vendor.name != "partnerize":
        one = rows[0] if rows else vendor.rows(listed(vendor, hit, 1).json())[0]
        rows += [one | {"id": f"more{page}-{number}"} for number in range(vendor.size - len(rows))]
        value["next"] = str(vendor.size * page)
    hit.say(answer.saying(value))


def endlessly(vendor):
    if vendor.name == "partnerize":  # it is asked for single rows, too, and has its own way
        vendor.box.settings(endless_list=True)
    return capped_at(vendor, 1000)


def capped_at(_vendor, most):
    def rewrite(wire, request):
        target = re.sub(r"\b((?:count|limit)(?:%5D)?)=(\d+)", lambda found: f"{found[1]}={min(int(found[2]), most)}",
                        request.target)
        return wire.ask(request._replace(target=target))
    return rewrite


def capped(vendor):
    """No page has more than seven rows, and nobody says so."""
    return capped_at(vendor, 7)


def renamed(vendor):
    """The subject has an odd id, in paths and bodies."""
    def rewrite(wire, request):
        if not vendor.odd:
            return wire.ask(request)
        real, odd = vendor.odd
        start, _, last = request.path.rpartition("/")
        if last not in (".", "..") and urllib.parse.unquote(last, errors="surrogatepass") == odd:
            request = request._replace(target=start + "/" + urllib.parse.quote(real, safe=""))
        answer = wire.ask(request)
        if answer.status >= 300 or not answer.body or not request.path.startswith(vendor.items):
            return answer
        return answer.saying(with_id(answer.json(), vendor.key, real, odd))
    return rewrite


def with_id(value, key, real, odd):
    if isinstance(value, list):
        return [with_id(one, key, real, odd) for one in value]
    if isinstance(value, dict):
        return {name: odd if name == key and str(one) == real else with_id(one, key, real, odd)
                for name, one in value.items()}
    return value


def as_rewritten(hit, _vendor, _place):
    """Only what is done to all requests."""
    hit.say(hit.wire.rewrite(hit.wire, hit.request))


def on_page(odd):
    """The last of this page has an odd id."""
    def do(hit, vendor, _place):
        if not vendor.odd:
            vendor.odd = (str(vendor.rows(hit.passed().json())[-1][vendor.key]), odd)
        hit.say(hit.wire.rewrite(hit.wire, hit.request))
    return do


def made_with(odd):
    """The new record has an odd id."""
    def do(hit, vendor, _place):
        answer = hit.passed()
        vendor.odd = (str(vendor.record(answer.json())[vendor.key]), odd)
        hit.say(answer.saying(with_id(answer.json(), vendor.key, *vendor.odd)))
    return do


def once(fault, times=1):
    """FAULT for the first TIMES requests; all others are passed on."""
    def do(hit, vendor, place):
        if hit.number <= times:
            fault(hit, vendor, place)
        else:
            hit.say(hit.passed())
    return do


def lagging(milliseconds):
    """What is read is from before the change that was made last."""
    def begin(vendor):
        vendor.change_first()
        vendor.box.settings(read_lag_ms=milliseconds)
        return capped_at(vendor, 1000)
    return begin


def halved(hit, vendor, place):
    def change(_vendor, rows, _value):
        del rows[len(rows) // 2:]
    changed(change)(hit, vendor, place)


def shrinking(hit, vendor, _place):
    """Who was on the first page is deleted before this one is read: the others move up."""
    if hit.wire.hits == 1:
        vendor.drop()
    hit.say(hit.passed())


def conditional(hit, vendor, place):
    """An ETag that means nothing; whoever trusts it is refused."""
    if place == "PUT":
        hit.say(Answer(412, {}, b"{}") if "If-Match" in hit.request.headers else hit.passed())
    else:
        answer = hit.passed()
        hit.say(answer._replace(headers=answer.headers | {"ETag": f'"{vendor.turn}-{hit.wire.hits}"'}))


def tagged(vendor):
    """Each GET of a record has an ETag that nothing matches."""
    def rewrite(wire, request):
        answer = wire.ask(request)
        if request.method == "GET" and vendor.item_of(request):
            return answer._replace(headers=answer.headers | {"ETag": '"nothing"'})
        return answer
    return rewrite


def masked(hit, vendor, place):
    """Secrets are shown as stars; what a PUT sends must not have them."""
    if place == "PUT" and MASK.encode() in hit.request.body:
        vendor.problem = "stars were sent"
    changed(lambda _vendor, rows, _value: rows[0].update(password=MASK))(hit, vendor, place)


def masking(vendor):
    def rewrite(wire, request):
        answer = wire.ask(request)
        if request.method == "GET" and vendor.item_of(request) and answer.status == 200:
            value = answer.json()
            vendor.record(value)["password"] = MASK
            return answer.saying(value)
        return answer
    return rewrite
