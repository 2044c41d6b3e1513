# Programs behind the live tests and bench rows of the collectors.

LIVE_MQTT = $(BUILD)/tests/live/mqtt

$(BUILD)/tests/live/%: tests/live/%.c $(BUILD)/libdaemon.a $(BUILD)/libcore.a
	$(Q)mkdir -p $(@D)
	$(call say,TEST,$@)$(CC) $(ALL_CFLAGS) -Itests $(LDFLAGS) -MMD -MP -o $@ $< $(BUILD)/libdaemon.a $(BUILD)/libcore.a \
	  $(call libraries,$(PKG_CORE) $(PKG_DAEMON) $(PKG_CAMPUS)) -lcmocka -lpthread -lm

check-live check: $(LIVE_MQTT)

BENCH_MQTT = $(patsubst %,$(BUILD)/tests/bench/mqtt_%,load discard collect)

$(BUILD)/tests/bench/mqtt_%: tests/bench/mqtt_%.c $(BUILD)/libdaemon.a $(BUILD)/libcore.a
	$(Q)mkdir -p $(@D)
	$(call say,BENCH,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $(BUILD)/libdaemon.a $(BUILD)/libcore.a \
	  $(call libraries,$(PKG_CORE) $(PKG_DAEMON) $(PKG_CAMPUS)) -lpthread -lm

bench: $(BENCH_MQTT)
