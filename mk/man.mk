# nocturne.yml(5) is made from the tables that check the configuration, nocturne(1) from the table of commands.
GENERATED_MANUAL += $(BUILD)/man/nocturne.yml.5 $(BUILD)/man/nocturne.1

$(BUILD)/man/describe: $(BUILD)/man/describe.o $(BUILD)/libdaemon.a $(BUILD)/libcore.a
	$(call say,LINK,$@)$(CC) $(OPT) $(LDFLAGS) -o $@ $^ $(call libraries,$(PKG_CORE) $(PKG_DAEMON)) -lpthread -lm
$(BUILD)/man/nocturne.yml.5: man/nocturne.yml.5.in $(BUILD)/man/describe
	$(call say,MAN,$@)ASAN_OPTIONS=detect_leaks=0 $(BUILD)/man/describe $< > $@.new && mv $@.new $@

$(BUILD)/man/nocturne.1: man/nocturne.1.in $(BUILD)/nocturne
	$(Q)mkdir -p $(@D)
	$(call say,MAN,$@)ASAN_OPTIONS=detect_leaks=0 $(BUILD)/nocturne completion man > $@.commands && \
	  sed -e '/^@COMMANDS@$$/{r $@.commands' -e 'd}' $< > $@.new && mv $@.new $@

manual: $(GENERATED_MANUAL)
all: manual
.PHONY: manual
