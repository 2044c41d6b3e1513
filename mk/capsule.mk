PKG_DAEMON += libarchive
