PKG_DAEMON += gnutls
