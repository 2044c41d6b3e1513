"""A whole Nocturne site on loopback for live tests and benches: a private broker, the simulated campus, nocturned.

Everything is started by this process, on free ports, in one temporary folder, and ended by pid. Use as a context:

    with Site(gateways=1100, terminals=48000) as site:
        site.get("/overview"); site.shell("get", "assets", "--limit", "3"); site.fault("gateway-dies", "GW-A-0042")
"""
import json, os, shutil, signal, socket, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("NOCTURNE_BUILD", os.path.join(ROOT, "build"))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


PATIENCE = 5  # a wait ends with what it waits for; its span only says when to give up, and a busy machine takes longer


def wait_for(what, condition, seconds=30.0, pause=0.05):
    seconds *= PATIENCE
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        time.sleep(pause)
    raise AssertionError("not within %g s: %s" % (seconds, what))


class Site:
    def __init__(self, gateways=50, terminals=500, speed=1, campus=True, broker=True, sources=None, extra="", profile="campus-iot",
                 ledger=True, store="sqlite", warmup=None, tag="site"):
        self.gateways, self.terminals, self.speed = gateways, terminals, speed
        self.want_campus, self.want_broker, self.extra, self.profile = campus, broker, extra, profile
        self.sources, self.want_ledger, self.store, self.warmup = sources, ledger, store, warmup
        self.dir = tempfile.mkdtemp(prefix="nocturne-%s." % tag)
        self.socket = os.path.join(self.dir, "api.sock")
        self.control = os.path.join(self.dir, "campus.sock")
        self.state = os.path.join(self.dir, "state")
        self.config = os.path.join(self.dir, "nocturne.yml")
        self.ledger = os.path.join(self.dir, "assets.csv")
        self.port = free_port()
        self.websocket_port = None   # set before start_broker(): a second listener there
        self.processes = {}

    # ---- processes ----
    def start(self, name, *command, **options):
        log = open(os.path.join(self.dir, name + ".log"), "ab")
        env = dict(os.environ, TZ=os.environ.get("TZ", "Asia/Shanghai"), LC_ALL="C.UTF-8")
        env.update(options.pop("env", {}))
        self.processes[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, **options)
        log.close()
        return self.processes[name]

    def stop(self, name, how=signal.SIGTERM, seconds=20):
        process = self.processes.pop(name, None)
        if not process:
            return None
        if process.poll() is None:
            process.send_signal(how)
            try:
                process.wait(seconds * PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise AssertionError("%s did not end within %g s of signal %d" % (name, seconds * PATIENCE, how))
        return process.returncode

    def log(self, name):
        try:
            with open(os.path.join(self.dir, name + ".log"), errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    # ---- parts ----
    def campus_options(self):
        return ["--gateways", str(self.gateways), "--terminals", str(self.terminals), "--speed", str(self.speed)]

    def start_broker(self):
        path = os.path.join(self.dir, "broker.conf")
        with open(path, "w") as f:
            f.write("listener %d 127.0.0.1\nallow_anonymous true\npersistence false\nlog_type error\n"
                    "max_queued_messages 200000\nmax_inflight_messages 1000\n" % self.port)
            if self.websocket_port:   # Debian's mosquitto opens one only beside a plain listener
                f.write("listener %d 127.0.0.1\nprotocol websockets\n" % self.websocket_port)
        path_env = os.environ.get("PATH", "") + ":/usr/sbin"
        self.start("broker", shutil.which("mosquitto", path=path_env), "-c", path)
        def up():
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return True
            except OSError:
                return False
        wait_for("the broker listens", up)

    def write_config(self):
        sources = self.sources
        if sources is None:
            sources = """
  - {name: campus, type: mqtt, url: "mqtt://127.0.0.1:%d", format: json, topic: "campus/{gateway}/{asset}/telemetry", time: /ts, values: /values}
  - {name: gateway-status, type: mqtt, url: "mqtt://127.0.0.1:%d", format: status, topic: "campus/{asset}/status"}
""" % (self.port, self.port)
        with open(self.config, "w") as f:
            f.write("site: {name: 创新港, timezone: Asia/Shanghai, language: zh_CN}\nstore: %s\n" % self.store)
            f.write("listen: [{unix: default}]\nroles: {viewer: [\"*\"]}\n")
            if self.profile:
                f.write("contracts: [%s]\n" % self.profile)
            if self.want_ledger:
                f.write("ledger: [%s]\n" % self.ledger)
            if sources.strip():
                f.write("sources:" + sources)
            f.write(self.extra)

    def start_daemon(self, wait=True, **options):
        process = self.start("nocturned", os.path.join(BUILD, "nocturned"), "--config", self.config, "--state-dir", self.state,
                             "--socket", self.socket, **options)
        if wait:
            def serving():
                if process.poll() is not None:
                    raise AssertionError("nocturned ended with %d: %s" % (process.returncode, self.log("nocturned")[-2000:]))
                return self.ready()
            wait_for("nocturned serves", serving, 60)
        return process

    def start_campus(self, *more):
        warmup = ["--warmup", self.warmup] if self.warmup else []
        self.start("campus", os.path.join(BUILD, "campus"), "run", *self.campus_options(), *warmup, "--broker",
                   "mqtt://127.0.0.1:%d" % self.port, "--control", self.control, *more)

    def __enter__(self):
        try:
            if self.want_broker:
                self.start_broker()
            if self.want_ledger:
                subprocess.run([os.path.join(BUILD, "campus"), *self.campus_options(), "--ledger", self.ledger], check=True)
            self.write_config()
            self.start_daemon()
            if self.want_campus:
                self.start_campus()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, value, trace):
        if kind:
            sys.stderr.write("".join("# nocturned: %s\n" % line for line in self.log("nocturned").splitlines()[-15:]))
        for name in ("campus", "nocturned", "broker"):
            if name in self.processes:
                try:
                    self.stop(name)
                except AssertionError as error:
                    if not kind:
                        raise
                    sys.stderr.write("# %s\n" % error)
        for name in list(self.processes):
            self.stop(name)
        shutil.rmtree(self.dir, ignore_errors=True)

    # ---- talking to it ----
    def request(self, method, path, body=None, headers=None):
        """(status, headers, bytes) of one HTTP request over the unix socket."""
        import http.client
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.settimeout(30 * PATIENCE)
        connection.sock.connect(self.socket)
        try:
            connection.request(method, path if path in ("/metrics", "/healthz") else "/api/v1" + path, body, headers or {})
        except BrokenPipeError:
            pass   # it was refused before all of the body went out: the answer is there
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response.status, response.headers, data

    def ready(self):
        """It serves, and the ledger is in: sources start after it."""
        try:
            wants_sources = self.sources is None or self.sources.strip() not in ("", "[]")
            return self.request("GET", "/healthz")[0] in (200, 503) and (not wants_sources or len(self.get("/sources")["items"]) > 0)
        except OSError:
            return False

    def get(self, path):
        status, _, data = self.request("GET", path)
        assert status == 200, (path, status, data[:500])
        return json.loads(data)

    def metrics(self):
        """What a scrape says, by its whole name."""
        rows = (line.rsplit(" ", 1) for line in self.request("GET", "/metrics")[2].decode().splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in rows}

    def written(self):
        """Wait until a kill -9 would lose nothing: all that was told so far is committed."""
        def all_of_it():
            found = self.metrics()
            return found["nocturne_alerts_unwritten"] == 0 == found["nocturne_store_queued"]
        wait_for("all is written", all_of_it)

    def post(self, path, body, content_type="application/json", expect=(200, 201, 202, 204)):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, _, answer = self.request("POST", path, data, {"Content-Type": content_type})
        assert status in expect, (path, status, answer[:500])
        return json.loads(answer) if answer else None

    def shell(self, *arguments, check=True, **options):
        done = subprocess.run([os.path.join(BUILD, "nocturne"), "--socket", self.socket, *arguments], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, env=dict(os.environ, LC_ALL="C.UTF-8", TZ="Asia/Shanghai"), **options)
        if check and done.returncode != 0:
            raise AssertionError("nocturne %s: exit %d: %s" % (" ".join(arguments), done.returncode, done.stderr))
        return done.stdout

    def fault(self, *words):
        return subprocess.run([os.path.join(BUILD, "campus"), "fault", "--control", self.control, *words], check=True,
                              capture_output=True, text=True).stdout

    def faults(self, *lines):
        """Many at once: by `fault`, a process each, the first would be over before the last begins."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as wire:
            wire.connect(self.control)
            wire.sendall("".join(line + "\n" for line in lines).encode())
            answers = wire.makefile()
            for line in lines:
                answer = answers.readline()
                assert answer.startswith("ok"), (line, answer)

    def heard(self, share=0.99):
        """Wait until that share of the terminals was heard."""
        def enough():
            known = self.get("/assets?filter=kind:terminal%20-health:unknown&limit=1")["total"]
            return known >= self.terminals * share
        wait_for("the campus is heard", enough, 120, 0.2)

    def process_status(self, name="nocturned"):
        """RSS in KiB and CPU seconds of a process."""
        pid = self.processes[name].pid
        with open("/proc/%d/status" % pid) as f:
            rss = next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))
        with open("/proc/%d/stat" % pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return rss, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
