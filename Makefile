# brigwatch. Two commands on a bare Debian 12 with git, make and root:
#   make run      install what is missing, build, watch this host
#   make check    install what is missing, build, run every test the machine allows
# The rest is for developers: `make help`.

BUILD ?= build
CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(shell command -v bpftool || echo /usr/sbin/bpftool)
PREFIX ?= /usr/local
FORMAT ?= text

WARNINGS := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wpointer-arith -Wvla \
	-Wformat=2 -Wno-missing-field-initializers -Werror
HARDENING := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE $(WARNINGS) $(HARDENING) -Isrc -Iinclude -I$(BUILD)/gen $(CFLAGS)
LDFLAGS ?= -pie -Wl,-z,relro,-z,now
LIBS := -lbpf -lelf -lz -ljansson -lseccomp -lcap-ng -lgcrypt

BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -Wall -Wextra -Werror \
	-Wno-unused-parameter -Wno-unused-function -Ivmlinux -Iinclude -Ibpf \
	-idirafter /usr/include/$(shell gcc -print-multiarch)

VERSION := 0.1.0

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all run check deps-build deps-check clean help

all: $(BUILD)/brigwatch

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## run              install what is missing, build, watch this host with the default rules (root)
run: deps-build
	$(MAKE) --no-print-directory all
	$(BUILD)/brigwatch run --rules rules --format $(FORMAT)

deps-build:
	@tools/install-deps build

deps-check:
	@tools/install-deps build check

# ---- kernel side ----

# maps.bpf.c first: libbpf 1.1 resolves extern maps only in objects linked after it.
BPF_SRCS := bpf/maps.bpf.c $(filter-out bpf/maps.bpf.c,$(wildcard bpf/*.bpf.c))
BPF_OBJS := $(BPF_SRCS:bpf/%.bpf.c=$(BUILD)/bpf/%.o)
BPF_HDRS := $(wildcard bpf/*.h include/brigwatch/*.h vmlinux/*.h)

$(BUILD)/bpf/%.o: bpf/%.bpf.c $(BPF_HDRS)
	@mkdir -p $(@D)
	@echo "  BPF  $@"
	@$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(BUILD)/bpf/brigwatch.o: $(BPF_OBJS)
	@rm -f $@
	@echo "  LINK $@"
	@$(BPFTOOL) gen object $@ $^

$(BUILD)/gen/brigwatch.skel.h: $(BUILD)/bpf/brigwatch.o
	@mkdir -p $(@D)
	@$(BPFTOOL) gen skeleton $< name brigwatch_bpf > $@.tmp
	@mv $@.tmp $@

# Names the directory that the programs are pinned in: same hash, same programs.
$(BUILD)/gen/object_hash.c: $(BUILD)/bpf/brigwatch.o
	@mkdir -p $(@D)
	@printf '#include "source/live.h"\nconst char live_object_hash[] = "%s";\n' \
		"$$(sha256sum $< | cut -d' ' -f1)" > $@

# ---- user side ----

SRCS := $(wildcard src/*/*.c)
LIB_OBJS := $(patsubst src/%.c,$(BUILD)/obj/%.o,$(filter-out src/cmd/main.c,$(SRCS))) $(BUILD)/obj/object_hash.o

$(BUILD)/obj/%.o: src/%.c | $(BUILD)/gen/brigwatch.skel.h
	@mkdir -p $(@D)
	@echo "  CC   $@"
	@$(CC) $(ALL_CFLAGS) -DBRIGWATCH_VERSION='"$(VERSION)"' -MMD -MP -c $< -o $@

$(BUILD)/obj/source/live.o: $(BUILD)/gen/brigwatch.skel.h

$(BUILD)/obj/object_hash.o: $(BUILD)/gen/object_hash.c
	@mkdir -p $(@D)
	@$(CC) $(ALL_CFLAGS) -c $< -o $@

$(BUILD)/libbrigwatch.a: $(LIB_OBJS)
	@rm -f $@
	@ar rcs $@ $^

$(BUILD)/brigwatch: $(BUILD)/obj/cmd/main.o $(BUILD)/libbrigwatch.a
	@echo "  LINK $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@

-include $(wildcard $(BUILD)/obj/*/*.d)

clean:
	rm -rf $(BUILD)

# ---- tests and measurements ----

include bench/Makefile.inc
include tests/vm/Makefile.inc
include tests/live/Makefile.inc
