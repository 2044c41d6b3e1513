# The contract profiles, as text in the daemon.

PROFILES = $(sort $(wildcard src/profiles/*.yml))

$(BUILD)/generated/profiles.inc: $(PROFILES) mk/engine.mk
	$(Q)mkdir -p $(@D)
	$(call say,GEN,$@)for file in $(PROFILES); do \
	  printf '{"%s",\n' "$$(basename $$file .yml)"; \
	  sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $$file; printf '},\n'; done > $@.new && mv $@.new $@

# The rules of every site, as one text.
$(BUILD)/generated/common_rules.inc: $(wildcard src/profiles/common/*.yml) mk/engine.mk
	$(Q)mkdir -p $(@D)
	$(call say,GEN,$@)sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $(filter %.yml,$^) > $@.new && mv $@.new $@

# What the security view is made of.
$(BUILD)/generated/security_controls.inc: src/profiles/security/controls.yml mk/engine.mk
	$(Q)mkdir -p $(@D)
	$(call say,GEN,$@)sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $(filter %.yml,$^) > $@.new && mv $@.new $@

$(BUILD)/src/engine/security_plan.o $(BUILD)/fuzz/src/engine/security_plan.o: $(BUILD)/generated/security_controls.inc
$(BUILD)/src/daemon/ruleset.o $(BUILD)/fuzz/src/daemon/ruleset.o: $(BUILD)/generated/common_rules.inc
$(BUILD)/src/daemon/profile.o $(BUILD)/fuzz/src/daemon/profile.o: $(BUILD)/generated/profiles.inc

# The fleet by itself, for tests/bench/rows/10-daemon.
$(BUILD)/fleet_bench: tests/bench/fleet_bench.c $(BUILD)/libdaemon.a $(BUILD)/libcore.a
	$(call say,LINK,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $(BUILD)/libdaemon.a $(BUILD)/libcore.a $(call libraries,$(PKG_CORE) $(PKG_DAEMON)) -lpthread -lm
