#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks README.md, CONTRIBUTING.md and the other documents against the tree: README.md is short, the files
# and targets that they name exist, and CONTRIBUTING.md names every folder of the source. Every source has
# a line with its licence.
# The last line is "docs: ok".
set -u
cd "$(dirname "$0")/.." || exit 1

README_LINES=175

wrong=$(mktemp) || exit 1
trap 'rm -f "$wrong"' EXIT

lines=$(wc -l <README.md)
if [ "$lines" -gt "$README_LINES" ]; then
	echo "README.md: $lines lines; at most $README_LINES are allowed: move details to a man page" >>"$wrong"
fi

# named FILE: the paths of files and folders that FILE names in backticks, and the targets of its links
named() {
	# shellcheck disable=SC2016  # backticks of Markdown
	grep -oE '`(vendors|cache|fs|mount|tests|findings|descriptions)/[A-Za-z0-9_./-]*`' "$1" | tr -d '`'
	grep -oE '\]\([^)#:]+\)' "$1" | sed 's/^](//; s/)$//'
}

# targets FILE: what FILE says to make, in backticks or in an indented block
targets() {
	grep -oE '(`|^ {4,}|&& )(sudo )?make [a-z_.-]+' "$1" | sed 's/.*make //' | sort -u
}

for document in README.md CONTRIBUTING.md SECURITY.md CHANGELOG.md WALKTHROUGH.md; do
	for path in $(named "$document" | sort -u); do
		case "$path" in
		*NAME*) continue ;; # stands for any name
		esac
		[ -e "$path" ] || echo "$document: no such file: $path" >>"$wrong"
	done
	for target in $(targets "$document"); do
		grep -qE "^([a-z-]+ )*$target( [a-z-]+)*:" Makefile || echo "$document: no target $target" >>"$wrong"
	done
done

for folder in vendors vendors/* cache/* fs fs/* mount; do
	[ -d "$folder" ] || continue
	# shellcheck disable=SC2016  # backticks of Markdown
	grep -qF '`'"$folder/"'`' CONTRIBUTING.md || echo "CONTRIBUTING.md: does not name $folder/" >>"$wrong"
done

find . -path ./build -prune -o -path ./.git -prune -o -type f \( -name '*.[ch157]' -o -name '*.py' -o -name '*.sh' \
	-o -name '*.yml' -o -name '*.example' -o -name Makefile -o -name 'rosterfs-*' -o -path ./tests/run -o -path ./.ci/run \) -print | sort |
	while read -r file; do
		head -n 5 "$file" | grep -q 'SPDX-License-Identifier: ' || echo "$file: no line with SPDX-License-Identifier"
	done >>"$wrong"

if [ -s "$wrong" ]; then
	cat "$wrong"
	exit 1
fi
echo 'docs: ok'
