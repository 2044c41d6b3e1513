# The simulated campus is no part of the product: its unit tests link it alone.

CAMPUS_LINK = $(filter-out $(BUILD)/tests/campus/main.o,$(CAMPUS))

$(BUILD)/tests/unit/campus/%: tests/unit/campus/%.c $(CAMPUS_LINK)
	$(Q)mkdir -p $(@D)
	$(call say,TEST,$@)$(CC) $(ALL_CFLAGS) -Itests $(LDFLAGS) -MMD -MP -o $@ $< $(CAMPUS_LINK) $(call libraries,$(PKG_CORE) $(PKG_CAMPUS)) -lcmocka -lpthread -lm
