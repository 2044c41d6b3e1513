# Tests: each tests/unit/FOLDER/test_X.c is one cmocka program, linked with the side it belongs to.

UNIT_LIBS = $(BUILD)/libdaemon.a $(BUILD)/libconsole.a $(BUILD)/libcore.a
TEST_LIBRARIES = $(call libraries,$(PKG_CORE) $(PKG_DAEMON) $(PKG_CONSOLE)) -lcmocka -lvterm -lpthread -lm

$(BUILD)/tests/unit/% $(BUILD)/tests/screen/%: tests/unit/%.c $(UNIT_LIBS)
$(BUILD)/tests/unit/%: tests/unit/%.c $(UNIT_LIBS)
	$(Q)mkdir -p $(@D)
	$(call say,TEST,$@)$(CC) $(ALL_CFLAGS) -Itests $(LDFLAGS) -MMD -MP -o $@ $< $(UNIT_LIBS) $(TEST_LIBRARIES)
$(BUILD)/tests/screen/%: tests/screen/%.c $(UNIT_LIBS)
	$(Q)mkdir -p $(@D)
	$(call say,TEST,$@)$(CC) $(ALL_CFLAGS) -Itests $(LDFLAGS) -MMD -MP -o $@ $< $(UNIT_LIBS) $(TEST_LIBRARIES)

# Fuzz targets are built by clang, with the sources of the core and the daemon, so that coverage guides them.
FUZZ_SOURCES = $(filter-out $(DAEMON_MAIN),$(call sources,src/base src/model src/wire src/store src/collect src/engine src/api src/daemon))
$(BUILD)/fuzz.a: $(patsubst %.c,$(BUILD)/fuzz/%.o,$(FUZZ_SOURCES))
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^
$(BUILD)/fuzz/%.o: %.c
	$(Q)mkdir -p $(@D)
	$(call say,FUZZCC,$<)clang -std=gnu11 -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all $(CPPFLAGS) $(PACKAGE_CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/tests/fuzz/%: tests/fuzz/%.c $(BUILD)/fuzz.a
	$(Q)mkdir -p $(@D)
	$(call say,FUZZ,$@)clang -std=gnu11 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all $(CPPFLAGS) $(PACKAGE_CFLAGS) -o $@ $< $(BUILD)/fuzz.a $(call libraries,$(PKG_CORE) $(PKG_DAEMON)) -lpthread -lm

tests: $(UNIT_TESTS) $(SCREEN_TESTS)
check-unit: $(UNIT_TESTS)
	scripts/run-tests $(UNIT_TESTS)
check-screen: all $(SCREEN_TESTS)
	scripts/run-tests $(SCREEN_TESTS)
check-live: all
	scripts/run-tests $(LIVE_TESTS)
check: all tests
	scripts/check-layers
	scripts/run-tests $(LIVE_TESTS) $(SCREEN_TESTS) $(UNIT_TESTS) # the longest first: they run side by side
check-asan:
	$(MAKE) BUILD=build-asan SANITIZE=address,undefined all tests
	scripts/run-tests $(patsubst $(BUILD)/%,build-asan/%,$(UNIT_TESTS) $(SCREEN_TESTS))
check-valgrind: tests
	scripts/run-tests --under 'valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite' $(UNIT_TESTS)
fuzz: $(FUZZ_TARGETS)
	@for target in $(FUZZ_TARGETS); do \
	  corpus=tests/fuzz/corpus/$$(basename $$target | sed s/fuzz_//); mkdir -p $(BUILD)/corpus/$$(basename $$target); \
	  echo "== $$target"; $$target -max_total_time=$(FUZZ_SECONDS) -timeout=5 -print_final_stats=0 -verbosity=0 \
	    $(BUILD)/corpus/$$(basename $$target) $$( [ -d $$corpus ] && echo $$corpus ) || exit 1; done
bench: all
	tests/bench/run

.PHONY: tests check check-unit check-screen check-live check-asan check-valgrind fuzz bench
