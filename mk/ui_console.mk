# The console's own tests: golden screens against a real daemon.
$(BUILD)/tests/screen/site.o: CPPFLAGS += -Itests -DBUILD_FOLDER='"$(abspath $(BUILD))"'
$(BUILD)/tests/screen/test_console $(BUILD)/tests/screen/test_shell: CPPFLAGS += -DBUILD_FOLDER='"$(abspath $(BUILD))"'
$(BUILD)/tests/screen/test_console $(BUILD)/tests/screen/test_shell: UNIT_LIBS = $(BUILD)/tests/screen/harness.o $(BUILD)/tests/screen/site.o \
  $(BUILD)/libdaemon.a $(BUILD)/libconsole.a $(BUILD)/libcore.a
$(BUILD)/tests/screen/test_console $(BUILD)/tests/screen/test_shell: $(BUILD)/tests/screen/site.o all
$(BUILD)/fuzz.a: $(patsubst %.c,$(BUILD)/fuzz/%.o,src/client/event_parser.c src/client/http_response.c)
