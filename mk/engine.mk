# The contract profiles, as text in the daemon.

PROFILES = $(sort $(wildcard src/profiles/*.yml))

$(BUILD)/generated/profiles.inc: $(PROFILES) mk/engine.mk
	$(Q)mkdir -p $(@D)
	$(call say,GEN,$@)for file in $(PROFILES); do \
	  printf '{"%s",\n' "$$(basename $$file .yml)"; \
	  sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $$file; printf '},\n'; done > $@.new && mv $@.new $@

$(BUILD)/src/daemon/profile.o $(BUILD)/fuzz/src/daemon/profile.o: $(BUILD)/generated/profiles.inc
