"""Real sshd instances on loopback ports, for live tests and benches: as the one who runs the test, with keys made for it.

    with Servers() as servers:
        web = servers.sshd("web")                  # web.port, web.known() for known_hosts
        key = servers.key("user", "ed25519")       # a key pair; servers.allow(key) lets it in everywhere
"""
import base64, getpass, hashlib, os, shutil, signal, socket, subprocess, tempfile, time

SSHD = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin")
USER = getpass.getuser()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def keygen(path, kind="ed25519", *more):
    bits = {"rsa": ["-b", "2048"], "ecdsa": ["-b", "256"]}.get(kind, [])
    passphrase = [] if "-N" in more else ["-N", ""]
    subprocess.run(["ssh-keygen", "-q", "-t", kind, *bits, *passphrase, "-C", "test", "-f", path, *more], check=True)
    return path


class Sshd:
    def __init__(self, servers, name, host_key="ed25519", port=None, user_keys=None, shell=None, **options):
        self.servers, self.name, self.port, self.shell = servers, name, port or free_port(), shell
        self.dir = os.path.join(servers.dir, "sshd-" + name)
        os.makedirs(self.dir)
        self.host_key = keygen(os.path.join(self.dir, "host_key"), host_key)
        self.authorized = user_keys or servers.authorized
        self.options = options
        self.process = None
        self.start()

    def write(self):
        lines = {"Port": self.port, "ListenAddress": "127.0.0.1", "HostKey": self.host_key, "PidFile": "none", "UsePAM": "no",
                 "StrictModes": "no", "AuthorizedKeysFile": self.authorized, "PasswordAuthentication": "no", "PrintMotd": "no",
                 "KbdInteractiveAuthentication": "no", "PermitRootLogin": "yes", "MaxStartups": "1000", "LogLevel": "ERROR",
                 "PermitUserRC": "no", "SetEnv": "SHLVL=5"}   # or bash reads the start-up files of whoever runs the test
        lines.update(self.options)
        path = os.path.join(self.dir, "config")
        with open(path, "w") as f:
            f.writelines("%s %s\n" % item for item in lines.items())
        return path

    def start(self):
        log = open(os.path.join(self.dir, "log"), "ab")
        self.process = subprocess.Popen([SSHD, "-D", "-e", "-f", self.write()], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        end = time.monotonic() + 50
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert time.monotonic() < end and self.process.poll() is None, self.log()
                time.sleep(0.02)

    def stop(self):
        """The listener and everybody whom it serves."""
        if not self.process:
            return
        for child in self.children(self.process.pid):
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.terminate()
        self.process.wait()
        self.process = None

    @staticmethod
    def children(pid):
        """All below a process of ours, deepest first."""
        below = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    with open("/proc/%s/stat" % entry) as f:
                        below.setdefault(int(f.read().rsplit(")", 1)[1].split()[1]), []).append(int(entry))
                except OSError:
                    pass
        def walk(parent):
            for child in below.get(parent, []):
                yield from walk(child)
                yield child
        return list(walk(pid))

    def log(self):
        with open(os.path.join(self.dir, "log"), errors="replace") as f:
            return f.read()

    def public(self, path=None):
        with open((path or self.host_key) + ".pub") as f:
            return " ".join(f.read().split()[:2])

    def known(self, name="127.0.0.1", key=None):
        return "[%s]:%d %s\n" % (name, self.port, self.public(key))

    def fingerprint(self):
        return fingerprint(self.public())


def fingerprint(public):
    digest = hashlib.sha256(base64.b64decode(public.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


class Servers:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="nocturne-ssh.")
        self.authorized = os.path.join(self.dir, "authorized_keys")
        self.all, self.others = [], []
        open(self.authorized, "w").close()
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.all:
            server.stop()
        for process in self.others:
            process.terminate()
            process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def sshd(self, name, **options):
        server = Sshd(self, name, **options)
        self.all.append(server)
        return server

    def key(self, name, kind="ed25519", *more, allow=True):
        path = keygen(os.path.join(self.dir, "key-" + name), kind, *more)
        if allow:
            self.allow(path)
        return path

    def allow(self, path, options="", file=None):
        with open(path + ".pub") as public, open(file or self.authorized, "a") as authorized:
            authorized.write((options + " " if options else "") + public.read())

    def agent(self, *keys):
        """An ssh-agent with these keys; the path of its socket."""
        path = os.path.join(self.dir, "agent%d.sock" % len(self.others))
        self.others.append(subprocess.Popen(["ssh-agent", "-D", "-a", path], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        end = time.monotonic() + 30
        while not os.path.exists(path):
            assert time.monotonic() < end
            time.sleep(0.02)
        for key, passphrase in keys:
            asker = os.path.join(self.dir, "askpass")
            with open(asker, "w") as f:
                f.write("#!/bin/sh\necho '%s'\n" % passphrase)
            os.chmod(asker, 0o700)
            subprocess.run(["ssh-add", "-q", key], check=True, stdin=subprocess.DEVNULL,
                           env=dict(os.environ, SSH_AUTH_SOCK=path, SSH_ASKPASS=asker, SSH_ASKPASS_REQUIRE="force", DISPLAY="x"))
        return path

    def file(self, name, text, mode=0o600):
        path = os.path.join(self.dir, name)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)
        return path
