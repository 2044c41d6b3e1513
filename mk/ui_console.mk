# The console's own tests: golden screens against a real daemon.
CONSOLE_TESTS = $(patsubst %,$(BUILD)/tests/screen/test_%,console shell alerts duty replay night servers capacity runbook wide security labels flood)
$(BUILD)/tests/screen/site.o $(BUILD)/tests/screen/console.o: CPPFLAGS += -Itests -DBUILD_FOLDER='"$(abspath $(BUILD))"'
$(CONSOLE_TESTS): CPPFLAGS += -DBUILD_FOLDER='"$(abspath $(BUILD))"'
$(CONSOLE_TESTS): UNIT_LIBS = $(HARNESS) $(BUILD)/tests/screen/site.o $(BUILD)/tests/screen/console.o \
  $(BUILD)/libdaemon.a $(BUILD)/libconsole.a $(BUILD)/libcore.a
$(CONSOLE_TESTS): $(BUILD)/tests/screen/site.o $(BUILD)/tests/screen/console.o all
$(BUILD)/fuzz.a: $(patsubst %.c,$(BUILD)/fuzz/%.o,src/client/event_parser.c src/client/http_response.c)
# Drawings of the pages compared with golden text, in both languages.
HOSTED_TESTS = $(patsubst %,$(BUILD)/tests/unit/ui/view/test_%,server applications alert views list)
$(HOSTED_TESTS): CPPFLAGS += -DTRANSLATIONS_FOLDER='"$(abspath $(BUILD))/locale"' -DGOLDEN_FOLDER='"$(abspath tests/screen/golden)"'
$(HOSTED_TESTS): $(TRANSLATIONS)
# The console's feed and a collector's share names: this program is the console's side alone.
$(BUILD)/tests/unit/ui/app/test_feed: UNIT_LIBS = $(BUILD)/libconsole.a $(BUILD)/libcore.a
