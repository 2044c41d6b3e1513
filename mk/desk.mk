# The alert desk by itself, for tests/bench/rows/60-alerts.
$(BUILD)/alerts_bench: tests/bench/alerts_bench.c $(BUILD)/libdaemon.a $(BUILD)/libcore.a
	$(call say,LINK,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $(BUILD)/libdaemon.a $(BUILD)/libcore.a $(call libraries,$(PKG_CORE) $(PKG_DAEMON)) -lpthread -lm
# A reading's way to the screen, for tests/bench/rows/61-alert-screen.
$(BUILD)/alert_screen: tests/bench/alert_screen.c $(HARNESS) $(BUILD)/libconsole.a $(BUILD)/libcore.a
	$(call say,LINK,$@)$(CC) $(ALL_CFLAGS) -Itests $(LDFLAGS) -MMD -MP -o $@ $< $(HARNESS) $(BUILD)/libconsole.a $(BUILD)/libcore.a $(call libraries,$(PKG_CORE) $(PKG_CONSOLE)) -lcmocka -lvterm -lpthread -lm
