# Nocturne: two programs (nocturned, nocturne), one simulated campus, their tests.
#   make                 build/nocturned build/nocturne build/campus
#   make check           every test but fuzz and bench, warnings as errors
#   make check-asan      unit and screen tests under address and undefined-behaviour sanitizers
#   make check-valgrind  unit tests under valgrind
#   make fuzz            every fuzz target for FUZZ_SECONDS each
#   make bench           each budget beside its yardstick
#   make install         PREFIX (default /usr/local), DESTDIR
# A variant builds into its own folder: make BUILD=build-asan SANITIZE=address,undefined

VERSION   = 0.1.0
PREFIX   ?= /usr/local
SYSCONFDIR ?= /etc
BUILD    ?= build
CC       ?= cc
OPT      ?= -O2 -g
WARN      = -Wall -Wextra -Werror -Wshadow -Wpointer-arith -Wstrict-prototypes \
            -Wmissing-prototypes -Wwrite-strings -Wvla -Wundef -Wimplicit-fallthrough
ifdef SANITIZE
OPT       = -O1 -g -fno-omit-frame-pointer -fsanitize=$(SANITIZE) -fno-sanitize-recover=all
endif

PKG_CORE    = libuv json-c
PKG_DAEMON  = libmicrohttpd sqlite3 libcurl yaml-0.1 libsodium openssl libssh2 libpq xlsxwriter netsnmp
PKG_CONSOLE = ncursesw readline
PKG_CAMPUS  = libmosquitto
# The console loads libcurl itself, when a URL is given (src/client/remote.c).
packages = $(shell pkg-config --cflags $(1)) 
libraries = $(shell pkg-config --libs $(1))

CPPFLAGS += -D_GNU_SOURCE -DNOCTURNE_VERSION='"$(VERSION)"' -DNOCTURNE_PREFIX='"$(PREFIX)"' \
            -DNOCTURNE_SYSCONFDIR='"$(SYSCONFDIR)"' -Isrc -Iui -I$(BUILD)/generated
ALL_CFLAGS = -std=gnu11 $(OPT) $(WARN) $(CPPFLAGS) $(PACKAGE_CFLAGS) $(CFLAGS)
PACKAGE_CFLAGS := $(call packages,$(PKG_CORE) $(PKG_DAEMON) $(PKG_CONSOLE) $(PKG_CAMPUS))

Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' '$(1)' '$(2)';)

sources = $(sort $(foreach folder,$(1),$(wildcard $(folder)/*.c)))
objects = $(patsubst %.c,$(BUILD)/%.o,$(call sources,$(1)))

# A program's main stands alone in its file, so that tests link everything else.
DAEMON_MAIN  = src/daemon/main.c
CONSOLE_MAIN = ui/app/main.c
CORE    = $(call objects,src/base src/model src/wire)
DAEMON  = $(filter-out $(BUILD)/src/daemon/main.o,$(call objects,src/store src/collect src/engine src/api src/daemon))
CONSOLE = $(filter-out $(BUILD)/ui/app/main.o,$(call objects,src/client ui/term ui/window ui/widget ui/view ui/command ui/app))
CAMPUS  = $(call objects,tests/campus)

UNIT_TESTS = $(patsubst tests/%.c,$(BUILD)/tests/%,$(sort $(wildcard tests/unit/*/test_*.c tests/unit/ui/*/test_*.c)))
SCREEN_TESTS = $(patsubst tests/%.c,$(BUILD)/tests/%,$(sort $(wildcard tests/screen/test_*.c)))
HARNESS = $(BUILD)/tests/screen/harness.o $(BUILD)/tests/screen/harness_wait.o
LIVE_TESTS = $(sort $(wildcard tests/live/test_*))
FUZZ_TARGETS = $(patsubst tests/fuzz/%.c,$(BUILD)/tests/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_SECONDS ?= 20

# A program is built once its main is there.
all: $(BUILD)/libdaemon.a $(BUILD)/libconsole.a $(if $(wildcard $(DAEMON_MAIN)),$(BUILD)/nocturned) \
     $(if $(wildcard $(CONSOLE_MAIN)),$(BUILD)/nocturne) $(if $(CAMPUS),$(BUILD)/campus)

$(BUILD)/libcore.a: $(CORE)
$(BUILD)/libdaemon.a: $(DAEMON)
$(BUILD)/libconsole.a: $(CONSOLE)
$(BUILD)/lib%.a:
	$(Q)mkdir -p $(@D)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/nocturned: $(BUILD)/src/daemon/main.o $(BUILD)/libdaemon.a $(BUILD)/libcore.a
	$(call say,LINK,$@)$(CC) $(OPT) $(LDFLAGS) -o $@ $^ $(call libraries,$(PKG_CORE) $(PKG_DAEMON)) -lpthread -lm
$(BUILD)/nocturne: $(BUILD)/ui/app/main.o $(BUILD)/libconsole.a $(BUILD)/libcore.a
	$(call say,LINK,$@)$(CC) $(OPT) $(LDFLAGS) -o $@ $^ $(call libraries,$(PKG_CORE) $(PKG_CONSOLE)) -lpthread -lm
$(BUILD)/campus: $(CAMPUS) $(BUILD)/libcore.a
	$(call say,LINK,$@)$(CC) $(OPT) $(LDFLAGS) -o $@ $^ $(call libraries,$(PKG_CORE) $(PKG_CAMPUS)) -lpthread -lm

$(BUILD)/%.o: %.c
	$(Q)mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

include $(wildcard mk/*.mk)

clean:
	rm -rf build build-*

.PHONY: all clean
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
