#include "daemon/options.h"

#include <getopt.h>
#include <stdio.h>

static const char usage[] =
    "usage: nocturned [OPTION]...\n"
    "Watches gateways, terminals, servers and applications, and serves the console and the API.\n"
    "\n"
    "  --config FILE     configuration; else $NOCTURNE_CONFIG, $XDG_CONFIG_HOME/nocturne/nocturne.yml,\n"
    "                    " NOCTURNE_SYSCONFDIR "/nocturne/nocturne.yml; none: this host only\n"
    "  --check-config    explain every mistake in configuration and ledgers, and exit\n"
    "  --trust ADDRESS   show the key of a host that is watched through SSH, ask, and add it to known_hosts;\n"
    "                    --source NAME where several sources do so, --fingerprint SHA256:... instead of asking\n"
    "  --foreground      stay in the foreground (which it always does)\n"
    "  --state-dir DIR   where it remembers; `none`: nowhere\n"
    "  --socket PATH     listen on this unix socket instead of the configured ones\n"
    "  --copy-store FROM TO\n"
    "                    copy a store to an empty place, compare every row, and exit: sqlite, sqlite:PATH or\n"
    "                    postgresql://...\n"
    "  --replay FILE     show an incident capsule, read-only, in place of watching\n"
    "  --verbose         log what goes well too\n"
    "  --help, --version\n"
    "\n"
    "Signals: HUP reloads the configuration, TERM and INT end cleanly.\n"
    "Exit codes: 0 ok, 1 failed, 2 wrong usage or configuration. See nocturned(8) and nocturne.yml(5).\n";

enum { CONFIG = 256, CHECK, FOREGROUND, STATE_DIR, SOCKET, REPLAY, VERBOSE, HELP, VERSION, TRUST, SOURCE, FINGERPRINT, COPY };

int options_parse(int count, char **arguments, struct options *options)
{
    static const struct option known[] = {
        {"config", required_argument, NULL, CONFIG},
        {"check-config", no_argument, NULL, CHECK},
        {"foreground", no_argument, NULL, FOREGROUND},
        {"state-dir", required_argument, NULL, STATE_DIR},
        {"socket", required_argument, NULL, SOCKET},
        {"replay", required_argument, NULL, REPLAY},
        {"copy-store", required_argument, NULL, COPY},
        {"trust", required_argument, NULL, TRUST},
        {"source", required_argument, NULL, SOURCE},
        {"fingerprint", required_argument, NULL, FINGERPRINT},
        {"verbose", no_argument, NULL, VERBOSE},
        {"help", no_argument, NULL, HELP},
        {"version", no_argument, NULL, VERSION},
        {NULL, 0, NULL, 0},
    };
    *options = (struct options){0};
    int found;
    while ((found = getopt_long(count, arguments, "", known, NULL)) != -1) {
        switch (found) {
        case CONFIG: options->config = optarg; break;
        case CHECK: options->check_config = true; break;
        case FOREGROUND: break;
        case STATE_DIR: options->state_dir = optarg; break;
        case SOCKET: options->socket = optarg; break;
        case REPLAY: options->replay = optarg; break;
        case COPY: options->copy_from = optarg; break;
        case TRUST: options->trust = optarg; break;
        case SOURCE: options->source = optarg; break;
        case FINGERPRINT: options->fingerprint = optarg; break;
        case VERBOSE: options->verbose = true; break;
        case HELP: fputs(usage, stdout); return 1;
        case VERSION: puts("nocturned " NOCTURNE_VERSION); return 1;
        default: fputs("nocturned: see --help\n", stderr); return 3;
        }
    }
    if (options->copy_from && optind < count)
        options->copy_to = arguments[optind++];
    if (options->copy_from && !options->copy_to) {
        fputs("nocturned: --copy-store wants two stores, FROM and TO\n", stderr);
        return 3;
    }
    if (optind < count) {
        fprintf(stderr, "nocturned: unexpected argument `%s`; see --help\n", arguments[optind]);
        return 3;
    }
    return 0;
}
