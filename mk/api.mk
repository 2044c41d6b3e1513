PKG_DAEMON += gnutls

# The door by itself, over its unix socket: for tests/bench/rows/25-api.
$(BUILD)/api_load: tests/bench/api_load.c
	$(Q)mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(ALL_CFLAGS) -o $@ $<

# What third parties read: the OpenAPI document and nocturne-api(7), both made from the table of routes.
GENERATED_MANUAL += $(BUILD)/man/nocturne-api.7

$(BUILD)/man/openapi: $(BUILD)/man/openapi.o $(BUILD)/libdaemon.a $(BUILD)/libcore.a
	$(call say,LINK,$@)$(CC) $(OPT) $(LDFLAGS) -o $@ $^ $(call libraries,$(PKG_CORE) $(PKG_DAEMON)) -lpthread -lm
$(BUILD)/man/nocturne-api.7: man/nocturne-api.7.in $(BUILD)/man/openapi
	$(call say,MAN,$@)ASAN_OPTIONS=detect_leaks=0 $(BUILD)/man/openapi $< > $@.new && mv $@.new $@
$(BUILD)/nocturne.openapi.json: $(BUILD)/man/openapi
	$(call say,JSON,$@)ASAN_OPTIONS=detect_leaks=0 $(BUILD)/man/openapi json > $@.new && mv $@.new $@
all: $(BUILD)/man/nocturne-api.7 $(BUILD)/nocturne.openapi.json
