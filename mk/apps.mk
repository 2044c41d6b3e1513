# Databases that applications stand on are asked with their own libraries (src/collect/check_postgres.c, check_mysql.c).
PKG_DAEMON += libpq libmariadb
PACKAGE_CFLAGS += $(shell pkg-config --cflags libpq libmariadb)
