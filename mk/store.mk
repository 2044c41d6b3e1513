# The store's migrations: SQL files as a C table. NNN-PART-NAME.sql, applied in order of NNN within each part.
STORE_MIGRATIONS = $(sort $(wildcard src/store/migrations/*.sql))

$(BUILD)/generated/store_migrations.h: $(STORE_MIGRATIONS) mk/store.mk
	$(Q)mkdir -p $(@D)
	$(Q)twice=$$(for file in $(STORE_MIGRATIONS); do basename $$file | cut -d- -f1,2; done | sort | uniq -d); \
	  [ -z "$$twice" ] || { echo "two migrations of one number: $$twice"; exit 1; }
	$(call say,GEN,$@)for file in $(STORE_MIGRATIONS); do \
	  base=$$(basename $$file .sql); rest=$${base#*-}; number=$$(echo $${base%%-*} | sed 's/^0*//'); \
	  printf '{.part = "%s", .version = %s, .name = "%s", .sql =\n' $${rest%%-*} $$number $$base; \
	  sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/    "/' -e 's/$$/\\n"/' $$file; echo '},'; \
	done > $@.new && mv $@.new $@

$(BUILD)/src/store/sql_migrate.o $(BUILD)/fuzz/src/store/sql_migrate.o: $(BUILD)/generated/store_migrations.h

$(BUILD)/tests/bench/store: tests/bench/store.c $(BUILD)/libdaemon.a $(BUILD)/libcore.a
	$(Q)mkdir -p $(@D)
	$(call say,BENCH,$@)$(CC) $(ALL_CFLAGS) -MMD -MP -o $@ $< $(BUILD)/libdaemon.a $(BUILD)/libcore.a \
	  $(call libraries,$(PKG_CORE) $(PKG_DAEMON)) -lpthread -lm

$(BUILD)/tests/bench/store_postgres: tests/bench/store_postgres.c $(BUILD)/libdaemon.a $(BUILD)/libcore.a
	$(Q)mkdir -p $(@D)
	$(call say,BENCH,$@)$(CC) $(ALL_CFLAGS) -MMD -MP -o $@ $< $(BUILD)/libdaemon.a $(BUILD)/libcore.a \
	  $(call libraries,$(PKG_CORE) $(PKG_DAEMON)) -lpthread -lm
