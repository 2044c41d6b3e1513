"""Debian's Prometheus, its Alertmanager and a Nocturne that both send to, with a metric that the test sets."""
import http.server, json, os, shutil, subprocess, sys, threading, urllib.parse, urllib.request
from nocturne_site import Site, free_port

LEDGER = ("id,name,kind,building,address,period\nSRV-1,数据库一,server,涵英楼,10.9.8.7,1h\nSRV-2,数据库二,server,涵英楼,db-2.example.com,1h\n")
RULES = """
groups:
  - name: test
    interval: 500ms
    rules:
      - {alert: Watchdog, expr: vector(1), labels: {severity: none}}
      - alert: TooHot
        expr: heat > 30
        labels: {severity: page, team: noc}
        annotations: {summary: '{{ $labels.instance }} is at {{ $value }}', runbook_url: https://runbooks.example/hot, dashboard: 'https://grafana.example/d/{{ $labels.instance }}'}
"""
PROMETHEUS = """
global: {scrape_interval: 300ms, evaluation_interval: 500ms}
rule_files: [%(dir)s/rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:%(am)d']}]}]}
scrape_configs:
  - job_name: heat
    honor_labels: true
    static_configs: [{targets: ['127.0.0.1:%(exporter)d']}]
"""
ALERTMANAGER = """
route: {receiver: nocturne, group_by: [alertname], group_wait: 200ms, group_interval: 600ms, repeat_interval: 1h}
receivers:
  - name: nocturne
    webhook_configs:
      - url: https://127.0.0.1:%(tls)d/api/v1/ingest/alertmanager?source=am
        send_resolved: true
        http_config:
          authorization: {type: Bearer, credentials_file: %(dir)s/token}
          tls_config: {ca_file: %(dir)s/cert.pem}
      - url: https://127.0.0.1:%(tls)d/api/v1/ingest/alertmanager?source=hook
        http_config:
          authorization: {type: Bearer, credentials_file: %(dir)s/token}
          tls_config: {ca_file: %(dir)s/cert.pem}
"""
SOURCES = """
  - name: am
    type: alertmanager
    url: http://127.0.0.1:%(am)d
    interval: 400ms
    settle: 4s
  - {name: hook, type: alertmanager}
"""
EXTRA = """
heartbeats:
  - {name: prometheus, title: 监控链路, every: 2s, grace: 1500ms, severity: critical, alert: Watchdog}
"""


class Chain(Site):
    """The whole way, with a metric that the test sets: site.heat["10.9.8.7:9100"] = 35."""

    def __init__(self):
        super().__init__(campus=False, broker=False, ledger=False, profile=None, tag="alertmanager")
        self.want_ledger, self.heat = True, {}
        self.ports = {"am": free_port(), "exporter": 0, "prometheus": free_port(), "tls": free_port(), "dir": self.dir}
        self.sources, self.extra = SOURCES % self.ports, EXTRA

    def write(self, name, text, mode=0o600):
        with open(os.open(os.path.join(self.dir, name), os.O_CREAT | os.O_WRONLY | os.O_TRUNC, mode), "w") as f:
            f.write(text)

    def start_exporter(self):
        heat = self.heat

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = "".join('heat{instance="%s"} %g\n' % row for row in list(heat.items())).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass
        self.exporter = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.exporter.daemon_threads = True
        self.ports["exporter"] = self.exporter.server_address[1]
        threading.Thread(target=self.exporter.serve_forever, daemon=True).start()

    def start_alertmanager(self):
        self.start("alertmanager", shutil.which("prometheus-alertmanager"), "--config.file=" + os.path.join(self.dir, "am.yml"),
                   "--storage.path=" + os.path.join(self.dir, "amdata"), "--cluster.listen-address=",
                   "--web.listen-address=127.0.0.1:%d" % self.ports["am"], "--log.level=warn")

    def am(self, path):
        with urllib.request.urlopen("http://127.0.0.1:%d/api/v2%s" % (self.ports["am"], path), timeout=60) as answer:
            return json.load(answer)

    def amtool(self, *words):
        done = subprocess.run(["amtool", "--alertmanager.url=http://127.0.0.1:%d" % self.ports["am"], *words],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, env=dict(os.environ, HOME=self.dir))
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout

    def __enter__(self):
        try:
            with open(self.ledger, "w") as f:
                f.write(LEDGER)
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                            "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"], cwd=self.dir,
                           check=True, capture_output=True)
            self.write_config()
            with open(self.config) as f:
                text = f.read()
            with open(self.config, "w") as f:
                f.write(text.replace("{unix: default}", '{unix: default}, {tls: "127.0.0.1:%d", certificate: cert.pem, key: key.pem}'
                                     % self.ports["tls"]))
            self.start_exporter()
            self.start_daemon()
            self.write("token", self.post("/tokens", {"name": "alertmanager", "role": "operator"})["token"])
            self.write("rules.yml", RULES)
            self.write("am.yml", ALERTMANAGER % self.ports)
            self.write("prometheus.yml", PROMETHEUS % self.ports)
            self.start_alertmanager()
            self.start("prometheus", shutil.which("prometheus"), "--config.file=" + os.path.join(self.dir, "prometheus.yml"),
                       "--storage.tsdb.path=" + os.path.join(self.dir, "tsdb"), "--rules.alert.resend-delay=1s",
                       "--web.listen-address=127.0.0.1:%d" % self.ports["prometheus"], "--log.level=warn")
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, value, trace):
        if kind:
            for name in ("alertmanager", "prometheus"):
                sys.stderr.write("".join("# %s: %s\n" % (name, line) for line in self.log(name).splitlines()[-8:]))
        self.exporter.shutdown()
        self.exporter.server_close()
        super().__exit__(kind, value, trace)

    def alerts(self, text, everything=False):
        text += "" if "source:" in text else " source:alertmanager:am"
        return self.get("/alerts?" + urllib.parse.urlencode({"filter": text, "all": "1" if everything else "0"}))["items"]

    def one(self, text):
        rows = self.alerts(text)
        return rows[0] if len(rows) == 1 else None

    def source(self):
        return next(s for s in self.get("/sources")["items"] if s["name"] == "am")

    def beat(self):
        return self.get("/heartbeats")["items"][0]

    def silences_there(self):
        return [s for s in self.am("/silences") if s["status"]["state"] == "active"]

    def told(self, silence):
        return next(s["elsewhere"] for s in self.get("/silences")["items"] if s["id"] == silence)
