"""A few lines of TAP for live tests: each function whose name begins with test_ is one case, in order of the file."""
import os, sys, time, traceback


def run(namespace):
    wanted = sys.argv[1:]
    cases = [f for name, f in namespace.items() if name.startswith("test_") and callable(f)]
    failed = 0
    print("1..%d" % len(cases), flush=True)
    for number, case in enumerate(cases, 1):
        if wanted and case.__name__ not in wanted:
            continue
        title = (case.__doc__ or case.__name__).strip().splitlines()[0]
        started = time.monotonic()
        try:
            case()
            print("ok %d - %s (%.1f s)" % (number, title, time.monotonic() - started), flush=True)
        except Exception:
            failed += 1
            print("not ok %d - %s" % (number, title))
            print("".join("# %s\n" % line for line in traceback.format_exc().splitlines()), flush=True)
    sys.exit(1 if failed else 0)
