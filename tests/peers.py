"""Peers for live tests: listeners of our own that misbehave on purpose, nginx with certificates of every kind. For what no
healthy server does; whoever is healthy is the real one."""
import base64, hashlib, os, shutil, signal, socket, ssl, struct, subprocess, threading
from nocturne_site import free_port


def tool(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")


class Peer:
    """A listener on a free port; `talk(connection)` runs in a thread for each that comes."""

    def __init__(self, talk, tls=None, port=0):
        self.talk, self.tls = talk, tls
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        self.connections = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        connection.settimeout(30)
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            self.talk(connection)
        except (OSError, ValueError, IndexError):
            pass
        connection.close()

    def close(self):
        self.listener.close()


def silent(connection):
    """Accepts and says nothing."""
    while connection.recv(4096):
        pass


def closing(connection):
    """Reads what is asked and closes."""
    connection.recv(4096)


def saying(answer):
    """Answers the same to whatever is asked."""
    def talk(connection):
        connection.recv(65536)
        connection.sendall(answer)
        while connection.recv(65536):
            pass
    return talk


def page(status, body="", headers=()):
    text = "HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n%s\r\n" % (status, len(body.encode()), "".join(h + "\r\n" for h in headers))
    return saying(text.encode() + body.encode())


# ---- certificates, and a web server that has them ----

class Certificates:
    """An authority and what it signed, in a folder: good, expired, self-signed, for another name."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
                 "-days", "30", "-subj", "/CN=test authority")
        self.authority = os.path.join(folder, "ca.pem")
        with open(os.path.join(folder, "ca.cnf"), "w") as f:
            f.write("[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\nnew_certs_dir=.\nserial=serial\ndefault_md=sha256\npolicy=p\n"
                    "unique_subject=no\ncopy_extensions=copy\n[p]\ncommonName=supplied\n")
        for name, text in {"index.txt": "", "serial": "1000\n"}.items():
            with open(os.path.join(folder, name), "w") as f:
                f.write(text)
        self.make("good")
        self.make("expired", start="20250101000000Z", end="20250301000000Z")
        self.make("early", start="20400101000000Z", end="20410101000000Z")
        self.make("other-name", san="DNS:other.test")
        self.make("self-signed", signed=False)

    def run(self, *words):
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

    def make(self, name, san="DNS:localhost,IP:127.0.0.1", start=None, end=None, signed=True):
        subject = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", name + ".key", "-subj", "/CN=" + name,
                   "-addext", "subjectAltName=" + san]
        if not signed:
            self.run("req", "-x509", *subject, "-days", "30", "-out", name + ".pem")
            return
        self.run("req", *subject, "-out", name + ".csr")
        dates = ["-startdate", start, "-enddate", end] if start else ["-days", "30"]
        self.run("ca", "-batch", "-config", "ca.cnf", "-in", name + ".csr", "-out", name + ".pem", "-cert", "ca.pem", "-keyfile", "ca.key",
                 "-notext", *dates)

    def pair(self, name):
        return os.path.join(self.folder, name + ".pem"), os.path.join(self.folder, name + ".key")

    def context(self, name="good"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.pair(name))
        return context


class Nginx:
    """servers: {name: (certificate or None, lines of the server block)}; ports by name in .port."""

    def __init__(self, folder, certificates, servers):
        self.folder, self.port = folder, {}
        blocks = ""
        for name, (certificate, lines) in servers.items():
            self.port[name] = free_port()
            tls = " ssl; ssl_certificate %s; ssl_certificate_key %s" % certificates.pair(certificate) if certificate else ""
            blocks += "server { listen 127.0.0.1:%d%s; %s }\n" % (self.port[name], tls, lines)
        self.conf = os.path.join(folder, "nginx.conf")
        with open(self.conf, "w") as f:
            f.write("""error_log %s/nginx.err; pid %s/nginx.pid; worker_processes 1; daemon on;
events { worker_connections 256; }
http { access_log off; client_body_temp_path %s/b; proxy_temp_path %s/p; fastcgi_temp_path %s/f; uwsgi_temp_path %s/u; scgi_temp_path %s/s;
%s }
""" % (*(folder,) * 7, blocks))
        subprocess.run([tool("nginx"), "-c", self.conf, "-e", os.path.join(folder, "nginx.err")], check=True, capture_output=True)

    def stop(self):
        try:
            with open(os.path.join(self.folder, "nginx.pid")) as f:
                os.kill(int(f.read()), signal.SIGTERM)
        except (OSError, ValueError):
            pass


# ---- WebSockets and MQTT, by the letter and against it ----

def upgrade(connection, accept=None, protocol="mqtt", more=b""):
    """Answers the upgrade; `accept` in place of the right one. The request's head."""
    head = b""
    while b"\r\n\r\n" not in head:
        part = connection.recv(4096)
        if not part:
            raise OSError("closed")
        head += part
    key = next(line.split(b":", 1)[1].strip() for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
    right = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()
    connection.sendall(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n"
                        "Sec-WebSocket-Protocol: %s\r\n\r\n" % (accept or right, protocol)).encode() + more)
    return head


def frame(payload, opcode=2, final=True, mask=None):
    head = bytes([(0x80 if final else 0) | opcode])
    bit = 0x80 if mask else 0
    if len(payload) < 126:
        head += bytes([bit | len(payload)])
    elif len(payload) < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", len(payload))
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", len(payload))
    if mask:
        payload = mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
    return head + payload


def exactly(connection, count):
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise OSError("closed")
        data += part
    return data


def receive(connection):
    """(opcode, payload) of a client's frame, which must be masked."""
    first, second = exactly(connection, 2)
    length = second & 0x7F
    if length > 125:
        length = struct.unpack(">H" if length == 126 else ">Q", exactly(connection, 2 if length == 126 else 8))[0]
    if not second & 0x80:
        raise ValueError("not masked")
    mask = exactly(connection, 4)
    return first & 0x0F, bytes(b ^ mask[i % 4] for i, b in enumerate(exactly(connection, length)))


def publish(topic, payload):
    """A PUBLISH of MQTT 5, QoS 0."""
    body = struct.pack(">H", len(topic)) + topic.encode() + b"\x00" + payload.encode()
    assert len(body) < 128
    return bytes([0x30, len(body)]) + body


CONNACK, SUBACK = b"\x20\x03\x00\x00\x00", b"\x90\x04\x00\x01\x00\x00"


def broker_over_websocket(after):
    """Greets and grants as a broker of MQTT 5 does, then `after(connection)`."""
    def talk(connection):
        upgrade(connection)
        while True:
            opcode, payload = receive(connection)
            if opcode == 2 and payload[0] >> 4 == 1:
                connection.sendall(frame(CONNACK))
            elif opcode == 2 and payload[0] >> 4 == 8:
                connection.sendall(frame(SUBACK))
                after(connection)
                return
    return talk
