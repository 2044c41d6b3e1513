# The shipped runbooks, as text in the daemon.

RUNBOOKS = $(sort $(wildcard src/profiles/runbooks/*.md))

$(BUILD)/generated/runbooks.inc: $(RUNBOOKS) mk/runbooks.mk
	$(Q)mkdir -p $(@D)
	$(call say,GEN,$@)for file in $(RUNBOOKS); do \
	  printf '{"%s",\n' "$$(basename $$file)"; \
	  sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $$file; printf '},\n'; done > $@.new && mv $@.new $@

$(BUILD)/src/engine/runbook.o $(BUILD)/fuzz/src/engine/runbook.o: $(BUILD)/generated/runbooks.inc
