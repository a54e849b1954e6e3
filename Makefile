# SPDX-License-Identifier: Apache-2.0
# Makefile - builds rosterfs and its sandbox, runs the tests. `make help` lists the targets.
#
# Everything that is built lies in $(BUILD). The folders vendors, cache, fs and mount are
# rosterfs; each C file in them is taken by itself, so that a new file needs no change here.

# debian/changelog begins with it too; tests/make.sh compares them
VERSION := 0.1.0

BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
PYTHON ?= /usr/bin/python3
PKG_CONFIG ?= pkg-config
# DEBUG=1 checks the tables of states after each change (vendors/base/checked.h); asan and tsan do too
DEBUG ?=
CFLAGS ?= $(if $(DEBUG),-Og,-O2) -g
LDFLAGS ?=
WERROR ?= -Werror
# address,undefined or thread: set by the targets asan and tsan
SANITIZE ?=
# V=1 shows the commands
V ?= 0
# test, asan and tsan: only the tests whose names hold this word
T ?=
# model, soak and fuzz (each target): for how long; model: with which seeds, and which vendor alone; READERS=0 leaves the readers unchecked
SECONDS ?= $(if $(filter soak,$(MAKECMDGOALS)),2400,$(if $(filter fuzz,$(MAKECMDGOALS)),20,60))
SEED ?= 1
ROUNDS ?=
VENDOR ?=
READERS ?= 1
# bench: how many users (one number or several), and only the rows whose names hold this word
N ?= 100 1000 10000 100000 1000000
ROWS ?=

ROSTERFS_LIBS := fuse3 libcurl jansson inih libidn2
# which pkg-config does not know
ROSTERFS_OTHER_LIBS := -lunistring -lm
SANDBOX_LIBS := libmicrohttpd jansson
# The shared store (cache/shared) is part of rosterfs where these are found; HAS_SHARED= builds without it.
SHARED_LIBS := hiredis libsodium libzstd
HAS_SHARED ?= $(shell $(PKG_CONFIG) --exists $(SHARED_LIBS) && echo yes)
HAS_SHARED := $(HAS_SHARED)
# and its TLS where hiredis has it
SHARED_TLS_LIBS := hiredis_ssl openssl
HAS_SHARED_TLS ?= $(if $(HAS_SHARED),$(shell $(PKG_CONFIG) --exists $(SHARED_TLS_LIBS) && echo yes))
HAS_SHARED_TLS := $(HAS_SHARED_TLS)
ROSTERFS_LIBS += $(if $(HAS_SHARED),$(SHARED_LIBS)) $(if $(HAS_SHARED_TLS),$(SHARED_TLS_LIBS))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

# ---- sources ----

FOLDERS := vendors vendors/* cache/* fs fs/* mount mount/*
# The folders of the shared store are compiled only with HAS_SHARED, and so are the unit tests that include from
# them. unbuilt.c is always compiled: it says what the build lacks.
SHARED_FOLDERS := cache/redis cache/store cache/feed cache/lease cache/lists cache/limits cache/shared
ALL_SOURCES := $(sort $(wildcard $(addsuffix /*.c,$(FOLDERS))))
SOURCES := $(if $(HAS_SHARED),$(ALL_SOURCES),$(sort $(filter-out $(addsuffix /%,$(SHARED_FOLDERS)),$(ALL_SOURCES)) \
	$(wildcard cache/shared/unbuilt.c)))
SANDBOX_SOURCES := $(sort $(wildcard tests/sandbox/*.c tests/sandbox/*/*.c))
UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
ifeq ($(HAS_SHARED),)
UNIT_SOURCES := $(filter-out $(shell grep -lE '"cache/(redis|store|feed|lease|lists|limits)/' tests/unit/test_*.c),$(UNIT_SOURCES))
endif
BENCH_SOURCES := $(sort $(wildcard tests/bench/*.c))
FUZZ_SOURCES := $(sort $(wildcard tests/fuzz/*.c))
C_SOURCES := $(SOURCES) $(SANDBOX_SOURCES) $(UNIT_SOURCES) $(BENCH_SOURCES) $(FUZZ_SOURCES)
HEADERS := $(sort $(wildcard $(addsuffix /*.h,$(FOLDERS) tests/sandbox tests/sandbox/* tests/unit tests/fuzz)))
SCRIPTS := .ci/run tests/run tests/fuzz/run boot/mount.rosterfs recipes/monitoring/rosterfs-collect recipes/rosterfs-offboard $(sort $(wildcard tests/*.sh tests/interop/*.sh)) $(sort $(wildcard findings/*.sh))

# Descriptions of vendors. Those that BUILTIN names are part of rosterfs, the others are installed.
BUILTIN := $(patsubst %,descriptions/%.vendor,cj partnerize scim)
DESCRIPTIONS := $(filter-out $(BUILTIN),$(sort $(wildcard descriptions/*.vendor)))

# What `make install` puts below PREFIX, as MODE:FOLDER:FILE. In scripts, settings and man pages,
# the prefix /usr/local/ becomes PREFIX/.
in = $(addprefix $(1):$(2):,$(3))
INSTALLED := \
	$(call in,0755,bin,$(BUILD)/rosterfs recipes/rosterfs-offboard) \
	$(call in,0755,sbin,boot/mount.rosterfs) \
	$(call in,0644,lib/systemd/system,boot/rosterfs@.service) \
	$(call in,0644,lib/systemd/user,boot/user/rosterfs@.service) \
	$(call in,0644,share/doc/rosterfs,boot/rosters.mount boot/rosters.automount) \
	$(call in,0644,share/man/man1,man/rosterfs.1 man/rosterfs-offboard.1) \
	$(call in,0644,share/man/man5,man/rosterfs.conf.5 man/rosterfs.vendor.5) \
	$(call in,0644,share/man/man7,man/rosterfs-recipes.7 man/rosterfs-shared.7) \
	$(call in,0644,share/man/man8,man/mount.rosterfs.8) \
	$(call in,0644,share/rosterfs/vendors,$(DESCRIPTIONS)) \
	$(call in,0644,share/bash-completion/completions,$(wildcard completion/*.bash)) \
	$(call in,0644,share/zsh/site-functions,completion/_rosterfs) \
	$(call in,0644,share/fish/vendor_completions.d,$(wildcard completion/*.fish)) \
	$(call in,0644,share/doc/rosterfs,mount/config/rosterfs.conf.example) \
	$(call in,0755,share/doc/rosterfs,recipes/change-by-csv.py) \
	$(call in,0644,share/doc/rosterfs,$(sort $(wildcard recipes/monitoring/* recipes/shared/*)))
# folders that uninstall removes when they are empty, the innermost first
OWN_FOLDERS := share/rosterfs/vendors share/rosterfs share/doc/rosterfs

object = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

OBJECTS := $(call object,$(SOURCES))
LIBRARY_OBJECTS := $(filter-out $(BUILD)/obj/mount/main.o,$(OBJECTS))
SANDBOX_OBJECTS := $(call object,$(SANDBOX_SOURCES))
UNIT_OBJECTS := $(call object,$(UNIT_SOURCES))
wanted = $(if $(T),$(foreach file,$(1),$(if $(findstring $(T),$(file)),$(file))),$(1))
BENCH_PROGRAMS := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(BENCH_SOURCES))
FUZZ_TARGETS := $(filter tests/fuzz/fuzz_%,$(FUZZ_SOURCES))
FUZZ_HELPERS := $(call object,$(filter-out $(FUZZ_TARGETS),$(FUZZ_SOURCES)))
FUZZ_LIBRARY := $(filter $(addprefix $(BUILD)/obj/,vendors/% cache/document/% mount/config/% cache/changes/change_marks.o \
	cache/redis/settings.o cache/shared/unbuilt.o fs/tree/path.o fs/people/email_name.o),$(LIBRARY_OBJECTS)) $(BUILD)/obj/builtin.o
FUZZ_PROGRAMS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(call wanted,$(FUZZ_TARGETS)))
UNIT_PROGRAMS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(call wanted,$(UNIT_SOURCES)))

# ---- flags ----

# $(BUILD)/libs.mk holds the flags of the libraries, as pkg-config prints them. make includes it, and
# restarts after it has made it.
NO_LIBS := clean help deps deps-% dist test-bare uninstall deb test-deb format lint-shell lint-format lint-man lint-docs
ifneq ($(filter-out $(NO_LIBS),$(or $(MAKECMDGOALS),all)),)
include $(BUILD)/libs.mk
endif

# These targets need more than the build and may install packages. All others, such as a plain `make`,
# fail and name what is missing.
MAY_INSTALL := demo recording test unit programs asan tsan model soak bench interop lint lint-%
BUILD_DEPS := $(if $(filter $(MAY_INSTALL),$(MAKECMDGOALS)),build,--check build)
# what the shared store needs is installed, too, unless HAS_SHARED= asks for a build without it
SHARED_DEPS := $(if $(filter $(MAY_INSTALL),$(MAKECMDGOALS)),$(if $(filter file,$(origin HAS_SHARED)),shared))

# What needs a mount says so before anything is built or installed.
ifneq ($(filter demo recording test asan tsan soak bench interop,$(MAKECMDGOALS)),)
ifneq ($(shell tests/deps.sh device >&2 && echo yes),yes)
$(error stopped, because nothing can be mounted)
endif
endif

# what a later version of a library advises against is a warning, not an error
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes $(WERROR) -Wno-error=deprecated-declarations

ifeq ($(SANITIZE),)
HARDEN_CFLAGS := -fstack-protector-strong -fPIE
HARDEN_LDFLAGS := -pie -Wl,-z,relro -Wl,-z,now
# without optimisation glibc's headers warn about it; whoever builds a package may have set a level
ifneq ($(filter -O1 -O2 -O3 -Os,$(CFLAGS)),)
ifeq ($(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),)
HARDEN_CFLAGS += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif
endif
else
SANITIZE_FLAGS := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

# uthash exits without memory, unless HASH_NONFATAL_OOM is set: hh.tbl of what could not be added is NULL then
DEFINES := -D_GNU_SOURCE -DHASH_NONFATAL_OOM=1 -DFUSE_USE_VERSION=312 -DROSTERFS_VERSION='"$(VERSION)"'
DEFINES += $(if $(HAS_SHARED),-DROSTERFS_SHARED) $(if $(HAS_SHARED_TLS),-DROSTERFS_SHARED_TLS)
ifneq ($(DEBUG)$(SANITIZE),)
DEFINES += -DROSTERFS_CHECKED
endif
DEFINES += $(if $(SANITIZE),-DROSTERFS_SANITIZED)
BASE_CFLAGS := -std=gnu11 -I. $(DEFINES) $(WARNINGS) $(LIBS_CFLAGS)
ALL_CFLAGS = $(BASE_CFLAGS) $(HARDEN_CFLAGS) $(SANITIZE_FLAGS) -pthread $(CPPFLAGS) $(CFLAGS)
# musl takes the size of threads' stacks from the program, and would give them 128 kB; glibc goes by ulimit -s
ALL_LDFLAGS = $(HARDEN_LDFLAGS) $(SANITIZE_FLAGS) -pthread -Wl,-z,stack-size=1048576 $(LDFLAGS)

# ---- what people ask for ----

.PHONY: all
all: $(BUILD)/rosterfs $(BUILD)/rosterfs-sandbox ## build rosterfs and rosterfs-sandbox (the default)

.PHONY: programs
programs: all $(UNIT_PROGRAMS) ## build the unit tests too, without running them (T=word: only some)

.PHONY: demo
demo: all deps-demo ## a tour on a mount of the sandbox; on a terminal it ends in a shell there
	@BUILD='$(BUILD)' tests/demo.sh

.PHONY: recording
recording: all ## record the terminal that README.md shows anew
	@BUILD='$(BUILD)' PYTHONDONTWRITEBYTECODE=1 '$(PYTHON)' tests/recording/record.py

.PHONY: test
test: all $(UNIT_PROGRAMS) deps-test ## all tests: units, and real tools on a real mount (T=word: only some)
	@BUILD='$(BUILD)' SANITIZE='$(SANITIZE)' PYTHON='$(PYTHON)' T='$(T)' tests/run

.PHONY: unit
unit: $(UNIT_PROGRAMS) deps-test ## the unit tests alone (T=word: only some)
	@BUILD='$(BUILD)' SANITIZE='$(SANITIZE)' PYTHON='$(PYTHON)' T='$(T)' tests/run unit

.PHONY: asan
asan: ## all tests with AddressSanitizer and UndefinedBehaviorSanitizer
	@$(MAKE) --no-print-directory BUILD='$(BUILD)/asan' SANITIZE=address,undefined test

.PHONY: tsan
tsan: ## all tests with ThreadSanitizer
	@$(MAKE) --no-print-directory BUILD='$(BUILD)/tsan' SANITIZE=thread test

.PHONY: model
model: all deps-test ## random writers against a model, for SECONDS (SEED=n, ROUNDS=n, VENDOR=v, READERS=0)
	@BUILD='$(BUILD)' SANITIZE='$(SANITIZE)' PYTHON='$(PYTHON)' \
		ROSTERFS_MODEL_SECONDS='$(SECONDS)' ROSTERFS_MODEL_SEED='$(SEED)' ROSTERFS_MODEL_ROUNDS='$(ROUNDS)' \
		ROSTERFS_MODEL_VENDOR='$(VENDOR)' ROSTERFS_MODEL_READERS='$(READERS)' \
		ROSTERFS_TEST_LIMIT=$$(($(SECONDS) * 2 + 1200)) tests/run model

.PHONY: soak
soak: all deps-test ## two mounts at full load with faults, for SECONDS: memory, descriptors, threads, inodes (SEED=n)
	@BUILD='$(BUILD)' SANITIZE='$(SANITIZE)' PYTHON='$(PYTHON)' \
		ROSTERFS_SOAK_SECONDS='$(SECONDS)' ROSTERFS_SOAK_SEED='$(SEED)' \
		ROSTERFS_TEST_LIMIT=$$(($(SECONDS) * 3 + 1200)) tests/run soak

.PHONY: interop
interop: all deps-interop ## real servers of other people on this machine, the whole job on a mount of them (T=word)
	@BUILD='$(BUILD)' SANITIZE='$(SANITIZE)' PYTHON='$(PYTHON)' T='$(T)' tests/run interop

# clang has the fuzzer. Everything is compiled for it, so the build folder is another one.
.PHONY: fuzz
fuzz: deps-lint ## random inputs for what reads responses, documents, names, config and descriptions, SECONDS each (T=word; fuzz-run: built already)
	@$(MAKE) --no-print-directory BUILD='$(BUILD)/fuzz' CC=clang SANITIZE=address,undefined \
		CFLAGS='-O1 -g -fsanitize=fuzzer-no-link' fuzz-run SECONDS='$(SECONDS)'

.PHONY: fuzz-run
fuzz-run: $(FUZZ_PROGRAMS)
	@BUILD='$(BUILD)' EACH='$(SECONDS)' tests/fuzz/run $(FUZZ_PROGRAMS)

.PHONY: test-bare
test-bare: ## build, demo and test of HEAD in a fresh Debian (as root; downloads 250 MB)
	@tests/bare.sh

.PHONY: test-deb
test-deb: deb ## install, use and remove the Debian package in a fresh Debian (as root; downloads 60 MB)
	@tests/deb.sh '$(BUILD)'

.PHONY: test-boot
test-boot: all ## the units in a systemd that is booted in a container (as root; downloads 60 MB)
	@tests/boot.sh '$(BUILD)'

.PHONY: bench
bench: all $(BENCH_PROGRAMS) deps-bench ## time and requests against the floor, in twelve to fourteen minutes (N=users, ROWS=word)
	@BUILD='$(BUILD)' PYTHONDONTWRITEBYTECODE=1 '$(PYTHON)' tests/bench/bench.py \
		--date "$$(date -u +%Y-%m-%dT%H:%M:%SZ)" --rows '$(ROWS)' $(N)

.PHONY: lint
lint: lint-tidy lint-cppcheck lint-format lint-shell lint-man lint-docs lint-musl ## all checks of C files, scripts and documents

.PHONY: layers
layers: all ## check which folder may include which, and that no files call each other in a circle
	@'$(PYTHON)' tests/layers.py '$(BUILD)/obj'

.PHONY: deps
deps: ## install the Debian packages that build, demo, test and lint need
	@tests/deps.sh build shared demo test lint

# they are called by other targets
.PHONY: deps-build deps-demo deps-test deps-lint deps-bench deps-deb deps-interop
deps-build: ## install only what the build needs (or deps-demo, deps-test, deps-lint, deps-interop, deps-bench, deps-deb, for that use)
deps-build deps-demo deps-test deps-lint deps-bench deps-deb: deps-%:
	@tests/deps.sh $(patsubst build,build shared,$*)
# npm packages too, in BUILD
deps-interop:
	@BUILD='$(BUILD)' tests/interop/install.sh

.PHONY: install
install: $(BUILD)/rosterfs ## install to PREFIX (default /usr/local), below DESTDIR
	@set -e; for entry in $(INSTALLED); do \
		mode=$${entry%%:*} file=$${entry##*:} folder=$${entry#*:}; folder=$${folder%:*}; \
		to='$(DESTDIR)$(PREFIX)'/$$folder/$${file##*/}; \
		echo "install -m $$mode $$file $$to"; \
		install -D -m $$mode "$$file" "$$to"; \
		case $$file in '$(BUILD)'/* | *.vendor) ;; *) sed -i 's,/usr/local/,$(PREFIX)/,g' "$$to" ;; esac; \
	done

.PHONY: uninstall
uninstall: ## remove what install put there
	@for entry in $(INSTALLED); do \
		file=$${entry##*:} folder=$${entry#*:}; folder=$${folder%:*}; \
		rm -f '$(DESTDIR)$(PREFIX)'/$$folder/$${file##*/}; \
	done; \
	for folder in $(OWN_FOLDERS); do \
		folder='$(DESTDIR)$(PREFIX)'/$$folder; \
		[ ! -d "$$folder" ] || rmdir --ignore-fail-on-non-empty "$$folder"; \
	done

# The archive depends on the commit only: git takes the times from it, and gzip -n adds none.
DIST := rosterfs-$(VERSION)
.PHONY: dist
dist: ## pack the sources of the commit HEAD as rosterfs-VERSION.tar.gz in BUILD
	@mkdir -p '$(BUILD)'
	git -c tar.umask=0022 archive --format=tar --prefix='$(DIST)/' --output='$(BUILD)/$(DIST).tar' HEAD
	gzip -n -9 -f '$(BUILD)/$(DIST).tar'

# A copy is built, so that nothing is written outside of BUILD, with the environment of no make.
DEB := $(BUILD)/deb
.PHONY: deb
deb: deps-build deps-deb ## build a Debian package of the files in this folder as BUILD/deb/rosterfs_VERSION_*.deb
	@rm -rf '$(DEB)' && mkdir -p '$(DEB)/$(DIST)'
	@tar -c --exclude-vcs --exclude=__pycache__ --exclude=./build \
		--exclude='./$(patsubst $(CURDIR)/%,%,$(abspath $(BUILD)))' . | tar -x -C '$(DEB)/$(DIST)'
	@cd '$(DEB)/$(DIST)' && env -i PATH="$$PATH" HOME="$$HOME" LC_ALL=C.UTF-8 dpkg-buildpackage -b -us -uc -jauto
	@rm -rf '$(DEB)/$(DIST)'
	@ls '$(DEB)'/rosterfs_$(VERSION)_*.deb

.PHONY: clean
clean: ## remove all that was built
	rm -rf '$(BUILD)'

.PHONY: format
format: deps-lint ## let clang-format rewrite the C files
	clang-format -i $(C_SOURCES) $(HEADERS)

.PHONY: help
help: ## print this list
	@sed -n 's/^\([a-z][a-z_.-]*\):[^#]*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
		while IFS='|' read -r name text; do printf '  %-21s %s\n' "$$name" "$$text"; done
	@echo 'Variables: BUILD PREFIX DESTDIR CC CFLAGS LDFLAGS WERROR DEBUG T N ROWS SECONDS SEED ROUNDS VENDOR READERS HAS_SHARED V PYTHON'

# ---- building ----

Q := $(if $(filter 0,$(V)),@)
say = @$(if $(filter 0,$(V)),printf '  %-4s %s\n' $(1) '$@',:)

LIBS_MISSING := $(shell { $(PKG_CONFIG) --exists $(ROSTERFS_LIBS) $(SANDBOX_LIBS) 2>&1 && \
	{ [ ! -e '$(BUILD)/libs.mk' ] || grep -qxF 'LIBS_OF := $(strip $(ROSTERFS_LIBS))' '$(BUILD)/libs.mk'; }; } || echo FORCE)

# -isystem, because the headers of libraries are not held to our warnings
$(BUILD)/libs.mk: Makefile tests/deps.sh $(if $(LIBS_MISSING),FORCE)
	@mkdir -p $(@D)
	@CC='$(CC)' PKG_CONFIG='$(PKG_CONFIG)' tests/deps.sh $(BUILD_DEPS)
	@$(if $(SHARED_DEPS),PKG_CONFIG='$(PKG_CONFIG)' tests/deps.sh shared || echo 'Building without the shared store.' >&2)
	@{ printf 'LIBS_OF := %s\n' '$(strip $(ROSTERFS_LIBS))'; printf 'LIBS_CFLAGS := %s\n' \
		"$$($(PKG_CONFIG) --cflags $(ROSTERFS_LIBS) $(SANDBOX_LIBS) | sed 's/-I/-isystem /g')"; \
	printf 'ROSTERFS_LDLIBS := %s\n' "$$($(PKG_CONFIG) --libs $(ROSTERFS_LIBS)) $(ROSTERFS_OTHER_LIBS)"; \
	printf 'SANDBOX_LDLIBS := %s\n' "$$($(PKG_CONFIG) --libs $(SANDBOX_LIBS))"; } >$@

# objects made by another compiler or with other flags are made anew
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo "$(CC) $(subst ",,$(ALL_CFLAGS) $(ALL_LDFLAGS))" | cmp -s - $@ || \
		echo "$(CC) $(subst ",,$(ALL_CFLAGS) $(ALL_LDFLAGS))" >$@

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# cmocka is installed for the tests only; some of them play a vendor with libmicrohttpd
$(UNIT_OBJECTS): | deps-test

# the texts of BUILTIN as a table in C (vendors/description/builtin.h), line by line
$(BUILD)/builtin.c: $(BUILTIN) Makefile
	@mkdir -p $(@D)
	$(call say,GEN)
	@{ printf '#pragma GCC diagnostic ignored "-Woverlength-strings"\n'; \
	printf '#include "vendors/description/builtin.h"\n#include <stddef.h>\n'; \
	printf 'const struct builtin builtins[] = {\n'; \
	for file in $(BUILTIN); do \
		printf '{"%s",\n' "$$(basename "$$file" .vendor)"; \
		sed -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/' "$$file"; \
		printf '},\n'; \
	done; printf '{NULL, NULL},\n};\n'; } >$@

$(BUILD)/obj/builtin.o: $(BUILD)/builtin.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/librosterfs.a: $(LIBRARY_OBJECTS) $(BUILD)/obj/builtin.o
	@rm -f $@
	$(call say,AR)
	$(Q)$(AR) rcs $@ $^

$(BUILD)/rosterfs: $(BUILD)/obj/mount/main.o $(BUILD)/librosterfs.a
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(ROSTERFS_LDLIBS)

$(BUILD)/rosterfs-sandbox: $(SANDBOX_OBJECTS)
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(SANDBOX_LDLIBS)

$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/librosterfs.a
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $$($(PKG_CONFIG) --libs cmocka) $(ROSTERFS_LDLIBS) $(SANDBOX_LDLIBS)

# with no more than the targets need: compiling takes longer than the run
$(BUILD)/fuzz/librosterfs.a: $(FUZZ_LIBRARY)
	@mkdir -p $(@D)
	@rm -f $@
	$(call say,AR)
	$(Q)$(AR) rcs $@ $^

# What a target has in place of a file of rosterfs comes first, and the linker does not take that file.
$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(FUZZ_HELPERS) $(BUILD)/fuzz/librosterfs.a
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(ROSTERFS_LDLIBS)

# each is one file, and none is part of rosterfs
$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $$($(PKG_CONFIG) --libs fuse3 jansson)

# The list of commands that clangd and other tools read. It is printed by make, so it needs no tool and
# no build.
comma := ,
define newline


endef
json = $(subst ",\",$(subst \,\\,$(1)))
command = $(CC) $(ALL_CFLAGS) -c -o $(call object,$(1)) $(1)
entry = {"directory": "$(CURDIR)", "file": "$(1)", "command": "$(call json,$(command))"}
.PHONY: compile_commands.json
compile_commands.json: ## write the compiler's commands for clangd and other tools
	$(file >$@,[$(call entry,$(firstword $(C_SOURCES)))$(foreach source,\
		$(wordlist 2,$(words $(C_SOURCES)),$(C_SOURCES)),$(comma)$(newline)$(call entry,$(source)))])
	@echo '$@: $(words $(C_SOURCES)) files'

.SECONDARY: $(UNIT_OBJECTS) $(call object,$(BENCH_SOURCES) $(FUZZ_SOURCES))

-include $(patsubst %.o,%.d,$(call object,$(C_SOURCES)))

# ---- lint ----

JOBS ?= $(shell nproc 2>/dev/null || echo 1)

.PHONY: lint-tidy
lint-tidy: deps-lint deps-test ## clang-tidy on the C files
	@printf '%s\n' $(C_SOURCES) | xargs -P $(JOBS) -I '{}' \
		clang-tidy --quiet '{}' -- $(BASE_CFLAGS) 2>/dev/null
	@echo 'lint-tidy: ok'

# cppcheck is shown the headers whose macros are loops, and no other ones of the system
.PHONY: lint-cppcheck
lint-cppcheck: deps-lint ## cppcheck on the C files
	@rm -rf '$(BUILD)/cppcheck' && mkdir -p '$(BUILD)/cppcheck/state' '$(BUILD)/cppcheck/include/sys'
	@printf '#include <%s>\n' uthash.h utlist.h jansson.h sys/queue.h | \
		$(CC) -M $(LIBS_CFLAGS) -x c - | tr ' ' '\n' | \
		grep -E '/(uthash|utlist|jansson|jansson_config|sys/queue)\.h$$' | \
		while read -r header; do case "$$header" in \
			*/sys/*) ln -s "$$header" '$(BUILD)/cppcheck/include/sys/' ;; \
			*) ln -s "$$header" '$(BUILD)/cppcheck/include/' ;; esac; done
	@cppcheck --quiet --enable=warning,performance,portability --error-exitcode=1 \
		--inline-suppr --suppress=missingIncludeSystem --std=c11 -j $(JOBS) \
		--cppcheck-build-dir='$(BUILD)/cppcheck/state' -I. -I'$(BUILD)/cppcheck/include' \
		--suppress='*:$(BUILD)/cppcheck/include/*' -D_GNU_SOURCE $(C_SOURCES)
	@echo 'lint-cppcheck: ok'

.PHONY: lint-format
lint-format: deps-lint ## clang-format on the C files (make format mends them)
	@clang-format --dry-run -Werror $(C_SOURCES) $(HEADERS)
	@echo 'lint-format: ok'

.PHONY: lint-shell
lint-shell: deps-lint ## shellcheck on the shell scripts
	@shellcheck $(SCRIPTS)
	@echo 'lint-shell: ok'

.PHONY: lint-man
# what mandoc says about other man pages depends on which are installed here
lint-man: deps-lint ## mandoc on the man pages
	@! mandoc -T lint $(sort $(wildcard man/*.[1578])) 2>&1 | \
		grep -vE ': (outdated mandoc\.db|STYLE: referenced manual not found:) '
	@echo 'lint-man: ok'

.PHONY: lint-docs
lint-docs: ## check that README.md is short, and that the files that the documents name exist
	@tests/docs.sh

# No library is built for musl here, so nothing is linked. Only the headers of libraries are taken from this system.
MUSL_HEADERS := curl/curl.h fuse_lowlevel.h idn2.h ini.h jansson.h sys/queue.h unicase.h unictype.h uninorm.h \
	unistr.h uniwidth.h uthash.h utlist.h
MUSL_SHARED_HEADERS := hiredis/hiredis.h sodium.h zstd.h zstd_errors.h
.PHONY: lint-musl
lint-musl: deps-lint ## compile rosterfs with the headers of musl in place of glibc's
	@rm -rf '$(BUILD)/musl' && mkdir -p '$(BUILD)/musl'
	@printf '#include <%s>\n' $(MUSL_HEADERS) $(if $(HAS_SHARED),$(MUSL_SHARED_HEADERS)) | $(CC) $(BASE_CFLAGS) -M -x c - | tr ' ' '\n' | \
		grep -E '/(curl|fuse3|unistring|hiredis|sodium)/|/(uni[a-z]*|jansson|jansson_config|ini|idn2|uthash|utlist|sys/queue|sodium|zstd|zstd_errors)\.h$$' | \
		while read -r header; do \
			name=$${header##*/include/}; name=$${name#*-linux-*/}; name=$${name#fuse3/}; \
			mkdir -p "$$(dirname '$(BUILD)/musl'/"$$name")"; ln -sf "$$header" '$(BUILD)/musl'/"$$name"; \
		done
	@printf '%s\n' $(SOURCES) | xargs -P $(JOBS) -n 8 \
		musl-gcc -std=gnu11 -I. $(DEFINES) $(WARNINGS) -fsyntax-only -isystem '$(BUILD)/musl'
	@echo 'lint-musl: ok'

.PHONY: FORCE
FORCE:
