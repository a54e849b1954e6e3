#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks that the includes go one way, from mount to fs to cache to vendors and between their folders,
# and that each library is known in one place only. Prints each line that breaks a rule; the last line is
# "layers: ok". CONTRIBUTING.md says what each folder is for.
set -u
cd "$(dirname "$0")/.." || exit 1

found=$(mktemp) || exit 1
trap 'rm -f "$found"' EXIT

# rule WORDS PATTERN FILE...: no FILE may include what the extended regular expression PATTERN names
rule() {
	words=$1
	pattern="^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($2)"
	shift 2
	for file in "$@"; do
		[ -f "$file" ] || continue
		grep -HnE "$pattern" "$file" | sed "s|\$|    ($words)|" >>"$found"
	done
}

# the files of the folders $2..., without the file $1
files_but() {
	but=$1
	shift
	find "$@" -name '*.[ch]' ! -path "$but" 2>/dev/null | sort
}

# order FOLDER...: each FOLDER may include only itself, the FOLDERs after it, and what the extended regular
# expression $below matches
order() {
	while [ $# -gt 0 ]; do
		folder=$1
		shift
		allowed="$folder/[^/\"]*\"|$below"
		for lower in "$@"; do
			allowed="$allowed|$lower/"
		done
		find "$folder" -maxdepth 1 -name '*.[ch]' | sort | while read -r file; do
			grep -HnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "$file" |
				grep -vE "include[[:space:]]*\"($allowed)" |
				sed "s|\$|    ($folder/ may not include this)|"
		done >>"$found"
	done
}

# shellcheck disable=SC2046  # no file name here holds a space
{
	rule 'only vendors/http*.c know libcurl' 'curl/' $(files_but 'vendors/http*.c' vendors cache fs mount)
	rule 'only fs/ and mount/main.c know libfuse' '(fuse3/)?(fuse|cuse)(_[a-z_]*)?[.]h' \
		$(files_but mount/main.c vendors cache mount)
	rule 'only vendors/ and cache/document/alike.c know libunistring' \
		'uni(case|ctype|norm|str|name|types)[.]h' \
		$(files_but cache/document/alike.c cache fs mount)
	rule 'only vendors/ knows libidn2' 'idn2[.]h' $(files_but '' cache fs mount)
	rule 'vendors/ knows nothing above it' '([.][.]?/)*(cache|fs|mount)/' $(files_but '' vendors)
	rule 'cache/ knows nothing above it' '([.][.]?/)*(fs|mount)/' $(files_but '' cache)
	rule 'fs/ knows nothing above it' '([.][.]?/)*mount/' $(files_but '' fs)
	below='vendors/base/'
	order vendors/http vendors/json vendors/base
	below='vendors/(vendor[.]h"|http/|json/|base/)'
	order vendors/rest
	for vendor in vendors/*/; do
		case "$vendor" in
		vendors/base/ | vendors/json/ | vendors/http/ | vendors/rest/) ;;
		*) below='vendors/(vendor[.]h"|rest/|http/|json/|base/)' order "${vendor%/}" ;;
		esac
	done
	below='vendors/(vendor[.]h"|rest/|http/|json/|base/)'
	order cache/access cache/update cache/history cache/roster cache/record cache/document
	below='fs/(fs|asked)[.]h"|cache/|vendors/(vendor[.]h"|rest/|http/|json/|base/)'
	order fs/tree
	below="$below|fs/tree/"
	order fs/people
	order fs/control
	order fs/records fs/memory
	rule 'the sandbox shares nothing with rosterfs' '([.][.]?/)*(vendors|cache|fs|mount)/' \
		$(files_but '' tests/sandbox)
	rule 'rosterfs knows nothing of its tests' '([.][.]?/)*tests/' \
		$(files_but '' vendors cache fs mount)
	rule 'include paths start at the top' '[.][.]?/' $(files_but '' vendors cache fs mount tests)
	rule 'a .c file is not included' '[^>"]*[.]c[>"]' $(files_but '' vendors cache fs mount)
}

if [ -s "$found" ]; then
	cat "$found"
	echo "layers: $(wc -l <"$found") includes break the rules"
	exit 1
fi
echo 'layers: ok'
