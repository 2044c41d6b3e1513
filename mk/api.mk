PKG_DAEMON += gnutls

# The door by itself, over its unix socket: for tests/bench/rows/25-api.
$(BUILD)/api_load: tests/bench/api_load.c
	$(Q)mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(ALL_CFLAGS) -o $@ $<
