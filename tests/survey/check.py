#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Check the syntax of vendor descriptions, and count their keys.

usage: check.py FILE... | check.py     (without FILE: all of descriptions/ and tests/survey/)

It checks what needs no engine: sections, keys, continuation lines, the lengths that inih cuts,
kinds of value, placeholders, and that the table in README.md names files that exist. It prints one
line for each error, and then the median number of keys outside of [vendor]. The exit status is 1 if there is an error,
or if the shipped descriptions are too few, too long in the median, or too often from memory.
"""
import collections
import glob
import json
import os
import re
import statistics
import sys

REQUEST = {"request", "body", "content_type", "api"}
FIELDS = {
    "id", "path_id", "email", "name", "login", "created", "updated", "version", "read_only", "immutable",
    "required", "each_time", "hidden", "write_only", "unknown", "row_root",
}
LIST = REQUEST | {
    "rows", "no_rows", "whole", "paging", "size", "first", "next", "end", "origin", "total", "records",
    "pages", "cut", "ceiling", "each", "missing_page",
}
UPDATE = REQUEST | {"root", "merge", "clear", "if_match", "answer", "alternative_id", "alternative_body"}
CREATE = REQUEST | {"root", "id"}
CHANGE = REQUEST | {"from", "soft"}
ITEM = REQUEST | {"root", "gone", "gone_when", "reserved"}
SECTIONS = {
    "vendor": {"kind", "name", "docs", "date", "evidence", "remains", "manual"},
    "settings": None,
    "api": {"base_url", "lag", "parallel"},
    "auth": {"user", "password"},
    "token": REQUEST | {"user", "password", "token", "expires", "refresh"},
    "list": LIST,
    "list next": REQUEST,
    "item": ITEM,
    "find": REQUEST | {"rows", "root"},
    "self": REQUEST | {"root", "id", "user"},
    "fields": FIELDS,
    "status": {"path", "active", "inactive"},
    "update": UPDATE,
    "create": CREATE,
    "delete": CHANGE,
    "activate": CHANGE,
    "deactivate": CHANGE,
    "errors": {"message", "fail_when", "limited_when", "retry_after"},
    "place": {"record"},
}
PLACES = {
    "list": LIST, "list next": REQUEST, "item": ITEM, "fields": FIELDS, "update": UPDATE, "create": CREATE,
    "delete": CHANGE, "members": LIST | {"user", "in"}, "join": REQUEST, "leave": REQUEST,
}
HEADERS = {"api", "auth", "token", "list", "list next", "item", "find", "self", "update", "create", "delete",
           "activate", "deactivate", "members", "join", "leave"}
CONTINUED = {"request", "body", "alternative_body", "manual", "id", "email", "login", "created", "updated", "read_only",
             "immutable", "required", "each_time", "hidden", "write_only", "rows", "root", "row_root", "total", "records",
             "pages", "message", "end", "cut", "gone_when", "fail_when", "limited_when", "gone", "reserved", "each",
             "active", "inactive", "from"}
POINTER_LISTS = {"id", "email", "login", "created", "updated", "version", "read_only", "immutable", "required",
                 "each_time", "hidden", "write_only", "rows", "root", "row_root", "path", "in", "user"}
CHOICES = {
    "kind": {"rest", "scim", "manual"}, "evidence": {"tried", "documents", "memory"}, "paging":
    {"none", "page", "offset", "cursor", "url", "link"}, "no_rows": {"error", "empty"}, "missing_page": {"end", "error"}, "whole": {"yes", "no"},
    "origin": {"same", "ignore"}, "merge": {"top", "deep"}, "clear": {"null", "empty", "refuse"}, "if_match":
    {"no", "yes", "required"}, "answer": {"record", "other"}, "unknown": {"send", "refuse"},
}
DEFAULTS = {("vendor", "kind"): "rest", ("list", "no_rows"): "error", ("list", "missing_page"): "end", ("list", "whole"): "yes",
            ("list", "origin"): "same", ("item", "root"): ".", ("item", "gone"): "404, 410",
            ("fields", "id"): "/id", ("fields", "email"): "/email", ("fields", "unknown"): "send",
            ("update", "merge"): "top", ("update", "clear"): "null", ("update", "if_match"): "no",
            ("update", "answer"): "record", ("list", "cut"): "/truncated true"}
BUILT_IN = {"id", "email", "parent", "member", "page", "offset", "cursor", "size", "each", "changes", "record",
            "access_token", "refresh_token"}
PLACEHOLDER = re.compile(r"\{([A-Za-z0-9_/@.~-]+)\}")
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


SHIPPED_LEAST = 20  # descriptions
SHIPPED_KEYS = 30  # their median, outside of [vendor]
SHIPPED_MEMORY = 6  # at most so many are from memory


class Description:
    def __init__(self, path):
        self.path, self.errors, self.sections, self.keys = path, [], [], 0
        self.evidence = None
        self.settings, self.saved = {}, set()
        self.read()
        if not self.errors:
            self.check()

    def error(self, line, text):
        self.errors.append(f"{self.path}:{line}: {text}")

    def read(self):
        section, key = None, None
        with open(self.path, encoding="utf-8") as file:
            lines = file.read().split("\n")
        for number, line in enumerate(lines, 1):
            if not line.strip():
                if line:
                    self.error(number, "a line of blanks")
                continue
            if line.startswith("#"):
                continue
            if line[0] in " \t":
                if key not in CONTINUED:
                    self.error(number, f"a continuation under {key!r}")
                else:
                    joined = section["keys"][key]
                    text = line.strip()
                    joined[1] += "\n" + ("" if text == "." else line[1:]) if key == "manual" else text
                    if " ;" in line:
                        self.error(number, "a value with ' ;'")
                continue
            if len(line.encode()) > 198:
                self.error(number, "longer than 198 bytes")
            if line.startswith("["):
                match = re.fullmatch(r"\[([^\]]+)\]", line)
                if not match:
                    self.error(number, f"not a section: {line}")
                    continue
                section, key = {"name": match[1], "line": number, "keys": {}}, None
                if any(other["name"] == match[1] for other in self.sections):
                    self.error(number, f"section [{match[1]}] twice")
                self.sections.append(section)
                continue
            key, equals, value = line.partition("=")
            key, value = key.strip(), value.strip()
            if not equals or not section:
                self.error(number, f"not a key: {line}")
                continue
            if ":" in key:
                self.error(number, "a key with ':'")
            if " ;" in line:
                self.error(number, "a value with ' ;'")
            if key in section["keys"]:
                self.error(number, f"key {key} twice")
            section["keys"][key] = [number, value]

    def split(self, section):
        """Return (kind, word, table of keys, condition) of SECTION, or None."""
        name, condition = section["name"], None
        match = re.fullmatch(r"(.*?) (if|unless) ([a-z0-9_]+)(?: = (\S+))?", name)
        if match:
            name, condition = match[1], (match[2], match[3], match[4])
        if "/" in name:
            place, _, kind = name.partition("/")
            if not any(other["name"] == "place " + place for other in self.sections):
                return None
            return (kind, place, PLACES[kind], condition) if kind in PLACES else None
        if name in SECTIONS:
            return name, "", SECTIONS[name], condition
        kind, _, word = name.partition(" ")
        if kind in ("api", "auth", "token", "activate", "deactivate", "place") and re.fullmatch(r"[\w-]+", word):
            return kind, word, SECTIONS[kind], condition
        return None

    def check(self):
        for section in self.sections:
            if section["name"] == "settings":
                self.settings = {key: value for key, (_, value) in section["keys"].items()}
            if section["name"].startswith("token"):
                self.saved |= {key[5:] for key in section["keys"] if key.startswith("save.")}
        seen = {}
        for section in self.sections:
            parts = self.split(section)
            if not parts:
                self.error(section["line"], f"unknown section [{section['name']}]")
                continue
            kind, word, table, condition = parts
            seen.setdefault(kind, {}).update(section["keys"])
            if condition:
                self.check_condition(section, condition)
            for key, (line, value) in section["keys"].items():
                if kind != "vendor":
                    self.keys += 1
                if kind == "settings":
                    self.check_setting(key, line, value)
                else:
                    self.check_key(kind, table, key, line, value)
        self.check_whole(seen)

    def check_condition(self, section, condition):
        _, setting, word = condition
        kind = self.settings.get(setting)
        if kind is None and setting != "delete_deactivates":
            self.error(section["line"], f"no setting {setting}")
        elif word and "|" in kind and word not in [choice.split()[0] for choice in kind.split("|")]:
            self.error(section["line"], f"{word} is no choice of {setting}")

    def check_setting(self, key, line, value):
        if key in BUILT_IN:
            self.error(line, f"a setting with the name of a placeholder: {key}")
        if "|" in value:
            return
        if not re.fullmatch(r"(text|secret|url)(, required|, default .+)?", value):
            self.error(line, f"setting {key}: {value}")

    def check_key(self, kind, table, key, line, value):
        known = key in table or (key == "evidence" and kind != "settings")
        known = known or (key.startswith("header.") and kind in HEADERS)
        known = known or (key.startswith("query.") and kind == "auth")
        known = known or (key.startswith("save.") and kind == "token")
        if not known:
            self.error(line, f"unknown key {key} in [{kind}]")
            return
        if value == "":
            self.error(line, f"{key} has no value; write \"\"")
        if DEFAULTS.get((kind, key)) == value:
            self.error(line, f"{key} = {value} is the default")
        if key in CHOICES and value not in CHOICES[key]:
            self.error(line, f"{key} = {value}")
        if key in ("size", "first", "ceiling", "lag", "parallel") and not value.isdigit():
            self.error(line, f"{key} is no number")
        if key in POINTER_LISTS and not (kind == "self" and key == "user") and kind not in ("auth", "token"):
            self.check_pointers(key, line, value)
        if key == "name" and kind == "fields":
            self.check_pointers(key, line, value.replace(" /", ", /"))
        if key in ("next", "total", "records", "pages", "token", "expires", "refresh"):
            self.check_source(line, value)
        if key in ("end", "cut", "gone_when", "fail_when", "limited_when"):
            source, _, values = value.partition(" ")
            self.check_source(line, source)
            if not values:
                self.error(line, f"{key} has no value to compare with")
        if key == "request":
            self.check_request(kind, line, value)
        if key in ("request", "body", "base_url") or key.startswith(("header.", "query.")) or (
                kind in ("auth", "token") and key in ("user", "password")):
            self.check_placeholders(kind, key, line, value)
        if key == "body":
            self.check_body(line, value)

    def check_pointers(self, key, line, value):
        for pointer in value.split(","):
            pointer = pointer.strip()
            if pointer != "." and not pointer.startswith("/"):
                self.error(line, f"{key}: {pointer!r} is no pointer")

    def check_source(self, line, value):
        value = value.removesuffix(" ms")
        if value != "." and not value.startswith(("/", "header:", "last:/")):
            self.error(line, f"{value!r} is no source")

    def check_request(self, kind, line, value):
        for alternative in re.split(r", (?=(?:GET|POST|PUT|PATCH|DELETE) )", value):
            method, _, path = alternative.partition(" ")
            if method not in METHODS:
                self.error(line, f"no method: {alternative}")
            if not path.startswith("/") and not (kind == "token" and path.startswith(("https://", "{"))):
                self.error(line, f"no path: {alternative}")
            if " " in path:
                self.error(line, f"a blank in a path: {alternative}")

    def check_placeholders(self, kind, key, line, value):
        for name in PLACEHOLDER.findall(value):
            if name.startswith("/") or name.startswith(("changes/", "record/")):
                continue
            if name not in BUILT_IN and name not in self.settings and name not in self.saved:
                self.error(line, f"{key}: unknown placeholder {{{name}}}")
            elif key == "request" and self.settings.get(name, "").startswith("secret"):
                self.error(line, f"{key}: secret {{{name}}} in a path")

    def check_body(self, line, value):
        if value[0] not in "{[":
            return
        text = PLACEHOLDER.sub("0", value)
        try:
            json.loads(text)
        except ValueError as error:
            self.error(line, f"body is no JSON: {error}")

    def check_whole(self, seen):
        vendor = seen.get("vendor", {})
        self.evidence = vendor.get("evidence", [0, None])[1]
        for key in ("name", "docs", "date", "evidence"):
            if key not in vendor:
                self.error(1, f"[vendor] lacks {key}")
        if "list" not in seen:
            if "manual" not in vendor and vendor.get("kind", [0, ""])[1] != "scim":
                self.error(1, "no [list]")
            return
        for kind, keys in (("list", ("request", "rows", "paging")), ("status", ("path", "active", "inactive"))):
            if kind in seen:
                for key in keys:
                    if key not in seen[kind] and not vendor.get("kind", [0, ""])[1] == "scim":
                        self.error(1, f"[{kind}] lacks {key}")
        self.check_lists()

    def check_lists(self):
        """Check each combination of [list] with its variants."""
        common, variants, following = {}, [], {}
        for section in self.sections:
            parts = self.split(section)
            if not parts:
                continue
            if parts[0] == "list" and not parts[1]:
                if parts[3]:
                    variants.append(section)
                else:
                    common = section["keys"]
            if parts[0] == "list next":
                following.update(section["keys"])
        for section in variants or [None]:
            keys = dict(common, **(section["keys"] if section else {}))
            text = "".join(keys.get(key, [0, ""])[1] + following.get(key, [0, ""])[1] for key in ("request", "body"))
            paging = keys.get("paging", [0, ""])[1]
            line = keys.get("paging", [1])[0]
            if paging in ("page", "offset", "cursor") and "{" + paging + "}" not in text:
                self.error(line, f"paging = {paging} without its placeholder")
            if paging in ("cursor", "url") and "next" not in keys:
                self.error(line, f"paging = {paging} without next")
            if "{size}" in text and "size" not in keys:
                self.error(line, "{size} without size")
            if "size" in keys and "{size}" not in text:
                self.error(line, "size without {size}")
            if "{each}" in text and "each" not in keys:
                self.error(line, "{each} without each")


def check_table(folder, shipped):
    """Check that the table in the README.md of FOLDER names descriptions that exist, and each one of FOLDER."""
    path = os.path.join(folder, "README.md")
    with open(path, encoding="utf-8") as file:
        rows = re.findall(r"^\| ([\w-]+) \| ([\w-]+) \| (?:yes|no) \| (\w+) \|", file.read(), re.M)
    named = {name for _, name, _ in rows}
    own, others = (
        {os.path.basename(file)[:-7] for file in glob.glob(where + "/*.vendor")} for where in (folder, shipped)
    )
    errors = [f"{path}: no description {name}" for name in sorted(named - own - others)]
    errors += [f"{path}: does not name {name}" for name in sorted(own - named)]
    errors += [f"{path}: {name} is shipped and here" for name in sorted(own & others)]
    ways = collections.Counter(way for _, _, way in rows)
    print(f"{path}: {len(rows)} APIs: " + ", ".join(f"{count} {way}" for way, count in sorted(ways.items())))
    return errors


def check_shipped(descriptions):
    """Check that the shipped DESCRIPTIONS are enough, short, and known from more than memory."""
    median = statistics.median(description.keys for description in descriptions)
    memory = [description.path for description in descriptions if description.evidence == "memory"]
    errors = []
    if len(descriptions) < SHIPPED_LEAST:
        errors.append(f"only {len(descriptions)} descriptions are shipped; at least {SHIPPED_LEAST} are wanted")
    if median > SHIPPED_KEYS:
        errors.append(f"the median of keys is {median}; at most {SHIPPED_KEYS} are wanted: remove what is a default")
    if len(memory) > SHIPPED_MEMORY:
        errors.append(f"more than {SHIPPED_MEMORY} are from memory: {', '.join(memory)}")
    return errors


def main():
    folder = os.path.relpath(os.path.dirname(os.path.abspath(__file__)))
    shipped = os.path.normpath(os.path.join(folder, "..", "..", "descriptions"))
    files = sys.argv[1:]
    errors = []
    if not files:
        files = sorted(glob.glob(shipped + "/*.vendor")) + sorted(glob.glob(folder + "/*.vendor"))
        errors += check_table(folder, shipped)
    counts = {}
    descriptions = [Description(file) for file in files]
    if not sys.argv[1:]:
        errors += check_shipped([each for each in descriptions if os.path.dirname(each.path) == shipped])
    for file, description in zip(files, descriptions):
        errors += description.errors
        counts.setdefault(os.path.dirname(file), {})[file] = description.keys
    for error in errors:
        print(error)
    for name, files in counts.items():
        numbers = ", ".join(f"{os.path.basename(file)[:-7]} {keys}" for file, keys in files.items())
        print(f"{name}: {len(files)} descriptions, median {statistics.median(files.values())} keys: {numbers}")
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main())
