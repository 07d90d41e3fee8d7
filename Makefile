# brigwatch. Two commands on a bare Debian 12 with git, make and root:
#   make run      install what is missing, build, watch this host
#   make check    install what is missing, build, run every test the machine allows
# The rest is for developers: `make help`.

BUILD ?= build
CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(shell command -v bpftool || echo /usr/sbin/bpftool)
PREFIX ?= /usr/local
datadir = $(PREFIX)/share
FORMAT ?= text

WARNINGS := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wpointer-arith -Wvla \
	-Wformat=2 -Wno-missing-field-initializers -Werror
HARDENING := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE
CFLAGS ?= -O2 -g
# SANITIZE=1: for the tests, in a build directory of its own.
ifdef SANITIZE
HARDENING := -fno-omit-frame-pointer
CFLAGS := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
LDFLAGS ?=
endif
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE $(WARNINGS) $(HARDENING) -Isrc -Iinclude -I$(BUILD)/gen $(CFLAGS)
LDFLAGS ?= -pie -Wl,-z,relro,-z,now
LIBS := -lbpf -lelf -lz -ljansson -lseccomp -lcap-ng -lgcrypt -lpcre2-8

BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -Wall -Wextra -Werror \
	-Wno-unused-parameter -Wno-unused-function -Ivmlinux -Iinclude -Ibpf \
	-idirafter /usr/include/$(shell gcc -print-multiarch)

VERSION := 0.1.0

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all schema config-docs check-config install uninstall run check deps-build deps-package deps-bench clean help lint fmt check-unit check-fuzz check-rules check-deploy check-posture unit-programs fuzz-programs

all: $(BUILD)/brigwatch

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## run              install what is missing, build, watch this host with the default rules (root)
run: deps-build
	$(MAKE) --no-print-directory all
	$(BUILD)/brigwatch run --rules rules --format $(FORMAT)

deps-build:
	@tools/install-deps build run

deps-package:
	@tools/install-deps build run package

deps-bench:
	@tools/install-deps build run bench

## check            install what is missing, build, run every test that the machine allows (root)
check:
	@tools/install-deps build run check lint vm
	@tools/check

## lint             layers, clang-tidy, cppcheck, warnings of the second compiler

# ---- kernel side ----

BPF_SRCS := bpf/all.c $(wildcard bpf/*.bpf.c)
BPF_HDRS := $(wildcard bpf/*.h include/brigwatch/*.h vmlinux/*.h)

# Two builds of the same programs, for kernels with bpf_rdonly_cast() and without;
# see bpf/kcompat.bpf.h. gen object strips what only debuggers need and checks the
# rest.
BPF_OBJS := $(BUILD)/bpf/cast.o $(BUILD)/bpf/probe.o
SKELETONS := $(BUILD)/gen/cast.skel.h $(BUILD)/gen/probe.skel.h
$(BUILD)/bpf/cast.o: BPF_VARIANT := -DBW_CAST

$(BPF_OBJS): $(BPF_SRCS) $(BPF_HDRS)
	@mkdir -p $(@D)
	@echo "  BPF  $@"
	@$(CLANG) $(BPF_CFLAGS) $(BPF_VARIANT) -c bpf/all.c -o $@.tmp
	@$(BPFTOOL) gen object $@ $@.tmp
	@rm -f $@.tmp

$(BUILD)/gen/%.skel.h: $(BUILD)/bpf/%.o
	@mkdir -p $(@D)
	@$(BPFTOOL) gen skeleton $< name $*_bpf > $@.tmp
	@mv $@.tmp $@

# Names the directory that the programs are pinned in: same hash, same programs.
$(BUILD)/gen/object_hash.c: $(BPF_OBJS)
	@mkdir -p $(@D)
	@printf '#include "source/live.h"\nconst char live_object_hash[] = "%s";\n' \
		"$$(cat $^ | sha256sum | cut -d' ' -f1)" > $@

# ---- user side ----

# The one list of system calls, for the names of events and for the hooks' maps.
$(BUILD)/gen/syscalls.c: src/event/syscalls.tbl tools/gen-syscalls
	@mkdir -p $(@D)
	@tools/gen-syscalls $< > $@

SRCS := $(wildcard src/*/*.c)
LIB_OBJS := $(patsubst src/%.c,$(BUILD)/obj/%.o,$(filter-out src/cmd/main.c,$(SRCS))) \
	$(BUILD)/obj/object_hash.o $(BUILD)/obj/syscalls.o

$(BUILD)/obj/%.o: src/%.c | $(SKELETONS)
	@mkdir -p $(@D)
	@echo "  CC   $@"
	@$(CC) $(ALL_CFLAGS) -DBRIGWATCH_VERSION='"$(VERSION)"' -DRULES_SHARED='"$(datadir)/brigwatch/rules"' -MMD -MP -c $< -o $@

$(BUILD)/obj/source/live.o: $(SKELETONS)

$(BUILD)/obj/object_hash.o $(BUILD)/obj/syscalls.o: $(BUILD)/obj/%.o: $(BUILD)/gen/%.c
	@mkdir -p $(@D)
	@$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/libbrigwatch.a: $(LIB_OBJS)
	@rm -f $@
	@ar rcs $@ $^

$(BUILD)/brigwatch: $(BUILD)/obj/cmd/main.o $(BUILD)/libbrigwatch.a
	@echo "  LINK $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@

-include $(wildcard $(BUILD)/obj/*.d $(BUILD)/obj/*/*.d)

clean:
	rm -rf $(BUILD)

include deploy/Makefile.inc

# ---- tests and measurements ----

UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))
FUZZERS := $(filter-out $(BUILD)/fuzz/fuzz_none,$(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c)))

# What several tests use.
TEST_OBJS := $(patsubst tests/lib/%.c,$(BUILD)/testlib/%.o,$(wildcard tests/lib/*.c))

$(BUILD)/testlib/%.o: tests/lib/%.c $(wildcard tests/lib/*.h)
	@mkdir -p $(@D)
	@echo "  CC   $@"
	@$(CC) $(ALL_CFLAGS) -Itests -MMD -MP -c $< -o $@

-include $(wildcard $(BUILD)/testlib/*.d)

$(BUILD)/libtests.a: $(TEST_OBJS)
	@rm -f $@
	@ar rcs $@ $^

$(BUILD)/unit/%: tests/unit/%.c $(wildcard tests/unit/*.h tests/lib/*.h) $(BUILD)/libtests.a $(BUILD)/libbrigwatch.a
	@mkdir -p $(@D)
	@echo "  TEST $@"
	@$(CC) $(ALL_CFLAGS) -DBRIGWATCH_VERSION='"$(VERSION)"' -Itests $(LDFLAGS) $< $(BUILD)/libtests.a $(BUILD)/libbrigwatch.a -lcmocka $(LIBS) -o $@

# A fuzz target with a main() that replays its corpus: no fuzzer needed.
$(BUILD)/fuzz/%: tests/fuzz/%.c tests/fuzz/replay_main.c $(BUILD)/libbrigwatch.a
	@mkdir -p $(@D)
	@echo "  FUZZ $@"
	@$(CC) $(ALL_CFLAGS) -Wno-missing-prototypes -Itests $(LDFLAGS) $< tests/fuzz/replay_main.c $(BUILD)/libbrigwatch.a $(LIBS) -o $@

unit-programs: $(UNIT_TESTS)
fuzz-programs: $(FUZZERS)

## check-unit       unit tests; with SANITIZE=1 BUILD=build/sanitize under ASan and UBSan
check-unit: unit-programs
	@tests/unit/run $(BUILD)/unit

## check-fuzz       every fuzz target over its saved corpus
check-fuzz: fuzz-programs
	@tests/fuzz/run $(BUILD)/fuzz

## schema           write rules/rules.schema.json anew, after a change of fields or keys
schema: $(BUILD)/brigwatch
	@$(BUILD)/brigwatch rules schema > $(BUILD)/rules.schema.json
	@mv $(BUILD)/rules.schema.json rules/rules.schema.json

## config-docs      write manual pages and schema anew, after a change of the options of run
config-docs: $(BUILD)/brigwatch
	@tools/gen-config-docs $(BUILD)/brigwatch

## check-config     configuration: options, schema, manual pages, completion, --help
check-config: $(BUILD)/brigwatch
	@tests/config/run $(BUILD)/brigwatch

## check-rules      each rule's own tests, the tools for rules, the schema
check-rules: $(BUILD)/brigwatch
	@tests/rules/run $(BUILD)/brigwatch rules

## import-falco     build the program that translates Falco's rules
## check-import     that program over small files, and over Falco's own if they are there
include tools/import-falco/Makefile.inc

## check-deploy     installation, unit, and the agent in a container with a pod's rights (root)
check-deploy: $(BUILD)/brigwatch
	@tests/deploy/run $(BUILD)

## check-posture    real containers with bad postures, and what scan says of them (root)
check-posture: $(BUILD)/brigwatch
	@tests/posture/run $(BUILD)

lint:
	@tools/lint $(BUILD)

## fmt              settle the spacing of what was changed since the last commit
fmt:
	@git diff -U0 --diff-filter=d HEAD -- '*.c' '*.h' | clang-format-diff -p1 -i

## bench            what watching costs, beside empty programs (root)
## check-live       real containers attack decoys, and behave (root)
## check-vm         Debian's 6.1 kernel in QEMU
include bench/Makefile.inc
include tests/vm/Makefile.inc
include tests/live/Makefile.inc
## check-outputs    alerts as syslog, journald, HTTP and other people's formats take them
include tests/outputs/Makefile.inc
-include tests/robust/Makefile.inc
include tests/attribution/Makefile.inc
include tests/health/Makefile.inc
