# The console's data: themes built into the program, translations, the screen tests' harness.

THEMES = $(addprefix themes/,night.theme day.theme contrast.theme mono.theme) \
         $(filter-out $(addprefix themes/,night.theme day.theme contrast.theme mono.theme),$(sort $(wildcard themes/*.theme)))
$(BUILD)/generated/themes.inc: $(THEMES)
	$(Q)mkdir -p $(@D)
	$(call say,THEMES,$@)for theme in $(THEMES); do \
	  printf '{"%s",\n' "$$(basename $$theme .theme)"; \
	  sed -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/' $$theme; echo '},'; done > $@.new && mv $@.new $@
$(BUILD)/ui/term/theme_load.o $(BUILD)/fuzz/ui/term/theme_load.o: $(BUILD)/generated/themes.inc

# Every text that a person reads is marked _() or N_(); `make po` merges new ones into the translations.
LINGUAS = zh_CN
TRANSLATIONS = $(LINGUAS:%=$(BUILD)/locale/%/LC_MESSAGES/nocturne.mo)
MARKED = $(sort $(wildcard ui/*/*.c ui/*/*.h ui/*/*.def))
$(BUILD)/generated/nocturne.pot: $(MARKED)
	$(Q)mkdir -p $(@D)
	$(call say,POT,$@)xgettext --language=C --from-code=UTF-8 --keyword=_ --keyword=N_ --keyword=ngettext:1,2 \
	  --package-name=nocturne --add-comments=TRANSLATORS --no-location -o - $(MARKED) \
	  | sed -e '/^"POT-Creation-Date/d' -e 's/charset=CHARSET/charset=UTF-8/' > $@.new && mv $@.new $@
$(BUILD)/locale/%/LC_MESSAGES/nocturne.mo: ui/po/%.po
	$(Q)mkdir -p $(@D)
	$(call say,MSGFMT,$@)msgfmt --check -o $@ $<
all: $(TRANSLATIONS)
po: $(BUILD)/generated/nocturne.pot
	for language in $(LINGUAS); do msgmerge --quiet --update --backup=none --no-fuzzy-matching ui/po/$$language.po $<; done
# Fails when a marked text has no translation.
check-po: $(BUILD)/generated/nocturne.pot
	$(Q)for language in $(LINGUAS); do msgcmp ui/po/$$language.po $< || exit 1; done

.PHONY: po check-po

# Screen tests and the widgets' demonstration stand on the harness.
HARNESSED = $(SCREEN_TESTS) $(BUILD)/tests/screen/demo_widgets $(BUILD)/tests/unit/ui/term/test_screen
$(HARNESSED): UNIT_LIBS = $(HARNESS) $(BUILD)/libdaemon.a $(BUILD)/libconsole.a $(BUILD)/libcore.a
$(HARNESSED): $(HARNESS)
$(HARNESS): CPPFLAGS += -Itests
$(HARNESSED): TEST_LIBRARIES += -lutil

$(BUILD)/tests/screen/test_terminal: $(BUILD)/tests/screen/demo_widgets

# The marked texts and the console's data must be there when the tests look for them.
$(BUILD)/tests/unit/ui/term/test_locale: $(BUILD)/generated/nocturne.pot $(TRANSLATIONS)

# Fuzz targets of the console: what parses bytes from a terminal, a theme, a key map.
$(BUILD)/fuzz.a: $(patsubst %.c,$(BUILD)/fuzz/%.o,ui/term/decode.c ui/term/key.c ui/term/theme.c ui/term/surface.c ui/term/glyph.c)
$(BUILD)/tests/unit/ui/term/test_locale: CPPFLAGS += -DTRANSLATIONS_FOLDER='"$(BUILD)/locale"'
