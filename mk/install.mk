# make install PREFIX=/usr DESTDIR=...: programs, manual, completions, themes, translations, unit files.

DATA  = $(DESTDIR)$(PREFIX)/share
MANUAL = $(sort $(wildcard man/*.[1578])) $(GENERATED_MANUAL)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(BUILD)/nocturned $(BUILD)/nocturne $(DESTDIR)$(PREFIX)/bin/
	for page in $(MANUAL); do section=$${page##*.}; \
	  install -d $(DATA)/man/man$$section && install -m 644 $$page $(DATA)/man/man$$section/ || exit 1; done
	install -d $(DATA)/nocturne && install -m 644 $(BUILD)/nocturne.openapi.json $(DATA)/nocturne/
	install -d $(DATA)/nocturne/themes && install -m 644 themes/*.theme $(DATA)/nocturne/themes/
	install -d $(DATA)/bash-completion/completions $(DATA)/zsh/site-functions $(DATA)/fish/vendor_completions.d
	$(BUILD)/nocturne completion bash > $(DATA)/bash-completion/completions/nocturne
	$(BUILD)/nocturne completion zsh > $(DATA)/zsh/site-functions/_nocturne
	$(BUILD)/nocturne completion fish > $(DATA)/fish/vendor_completions.d/nocturne.fish
	for catalogue in $(BUILD)/locale/*/LC_MESSAGES/nocturne.mo; do [ -e $$catalogue ] || continue; \
	  language=$$(basename $$(dirname $$(dirname $$catalogue))); \
	  install -d $(DATA)/locale/$$language/LC_MESSAGES && \
	  install -m 644 $$catalogue $(DATA)/locale/$$language/LC_MESSAGES/nocturne.mo || exit 1; done
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)$(PREFIX)/lib/sysusers.d $(DESTDIR)$(PREFIX)/lib/sysctl.d
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@SYSCONFDIR@|$(SYSCONFDIR)|' dist/nocturned.service \
	  > $(DESTDIR)$(PREFIX)/lib/systemd/system/nocturned.service
	install -m 644 dist/nocturne.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/nocturne.conf
	install -m 644 dist/60-nocturne-ping.conf $(DESTDIR)$(PREFIX)/lib/sysctl.d/

.PHONY: install
