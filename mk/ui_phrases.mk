# The daemon's phrases (src/base/phrase.h): formats extracted from src/, translated in ui/po/daemon.*.po, compiled in as
# tables. A function that takes such a format is named here; a text composed by snprintf and the like is marked N_().
# What is said no more stays in the tables (`make po` keeps it as #~): stores and capsules go on saying it.

PHRASED = $(sort $(wildcard src/*/*.c src/*/*.h src/*/*.def))
PHRASES = N_ error_set:3 error_prefix:2 request_refuse:4 source_status:3 source_bad:4 decode_bad:4 alarm_reject:5 \
          check_worse:3 check_note:2 check_fail:2 check_phase:2 snmp_judge:3 session_fail:3 connection_failed:2 stream_fail:2 \
          sending_detail:2 report_remark:2 gather_left_out:2 run_end:4 host_builder_factf:3 talk_say:2 udp_ask:2 probe_failed:2 \
          ssh_runs_fail:2 alerts_rule_gone:4 alerts_normal_because:3 clear_missing:3 parse_wrong:4 library_error:3 library_fail:2 \
          refuse:2 refuse:4 refuse_value:4 fail:2 fail:3 find:4 worse:3 problem:5 warn:5 reject:5 wrong:2 say:2 say:3 expect:3 \
          take_name:2 flight_lost:3 round_failed:3 wrong_answer:2 bad_line:4 broken:2 request_end:2 report_failure:2 \
          scrape_wrong:3 finish:3 refuse:3 store_action_new:3 alert_note_event:3
$(BUILD)/generated/daemon.pot: $(PHRASED) mk/ui_phrases.mk
	$(Q)mkdir -p $(@D)
	$(call say,POT,$@)xgettext --language=C --from-code=UTF-8 --keyword $(PHRASES:%=--keyword=%) --package-name=nocturne \
	  --add-comments=TRANSLATORS --no-location -o - $(PHRASED) 2>$@.warnings \
	  | sed -e '/^"POT-Creation-Date/d' -e 's/charset=CHARSET/charset=UTF-8/' > $@.new && mv $@.new $@
$(BUILD)/generated/phrases.inc: $(LINGUAS:%=ui/po/daemon.%.po)
	$(Q)mkdir -p $(@D)
	$(call say,PHRASES,$@)for language in $(LINGUAS); do \
	  echo "static const struct phrase_pair $$language[] = {"; \
	  msgattrib --translated --no-fuzzy --no-wrap ui/po/daemon.$$language.po | sed -n -e 's/^#~ //' -e '/^#/d' -e 's/^msgid /{/' \
	    -e 's/^msgstr /, /' -e 's/^$$/},/' -e p; echo '},'; echo '};'; done > $@.new && \
	{ echo 'static const struct { const char *language; const struct phrase_pair *pairs; size_t count; } catalogues[] = {'; \
	  for language in $(LINGUAS); do echo "{\"$$language\", $$language, ARRAY_COUNT($$language)},"; done; echo '};'; } >> $@.new && mv $@.new $@
$(BUILD)/src/base/phrase.o $(BUILD)/fuzz/src/base/phrase.o: $(BUILD)/generated/phrases.inc
po: po-daemon
po-daemon: $(BUILD)/generated/daemon.pot
	for language in $(LINGUAS); do msgmerge --quiet --update --backup=none --no-fuzzy-matching ui/po/daemon.$$language.po $<; done
check-po: check-po-daemon
# Fails when a phrase has no translation.
check-po-daemon: $(BUILD)/generated/daemon.pot
	$(Q)for language in $(LINGUAS); do msgcmp ui/po/daemon.$$language.po $< || exit 1; done

.PHONY: po-daemon check-po-daemon
$(BUILD)/tests/unit/base/test_phrase: CPPFLAGS += -DPHRASES_POT='"$(abspath $(BUILD))/generated/daemon.pot"'
$(BUILD)/tests/unit/base/test_phrase: $(BUILD)/generated/daemon.pot
