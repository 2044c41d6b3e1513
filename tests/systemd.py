"""A whole systemd on this machine, for live tests: the first process of its own namespaces, on a copy of this root that is
written to memory only. It has its own units, its own journal and its own process numbers; the network is this machine's.

    with Machine({"web.service": "[Service]\\nExecStart=/bin/sleep 1000\\n"}) as machine:
        machine.run("systemctl", "is-active", "web")        # beside its processes
        machine.dir                                         # a folder that both see, there as /machine

Raises Unable, with why, where a machine does not allow it."""
import os, re, shutil, signal, subprocess, tempfile, time

SYSTEMD = "/lib/systemd/systemd"
NAMESPACES = ["--mount", "--pid", "--cgroup", "--uts", "--ipc"]

# What a container manager would do, in the namespaces already made; $1 is the shared folder.
BOOT = r"""
set -eu
mount --make-rprivate /
box=$1/box
mkdir -p "$box"
mount -t tmpfs -o size=256m,mode=755 tmpfs "$box"
mkdir "$box/upper" "$box/work" "$box/root"
mount -t overlay -o lowerdir=/,upperdir="$box/upper",workdir="$box/work" overlay "$box/root"
cd "$box/root"
mkdir -p machine
mount --bind "$1" machine
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for node in null zero random urandom full tty; do : >dev/$node; mount --bind /dev/$node dev/$node; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs -o mode=1777 tmpfs dev/shm
: >"$1/console"; : >dev/console
mount --bind "$1/console" dev/console
rm -rf etc/systemd/system etc/fstab lib/systemd/system/sysinit.target.wants var/log/journal
rm -f var/log/auth.log var/log/secure var/log/messages
mkdir -p etc/systemd/system run/sshd run/log
install -d -g systemd-journal -m 2755 run/log/journal
cp "$1"/units/* etc/systemd/system/
: >etc/fstab
head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n' >etc/machine-id
echo machine >etc/hostname
echo '127.0.1.1 machine' >>etc/hosts
mkdir -p mnt
pivot_root . mnt
cd /
umount -l /mnt
mount --make-rshared /
sh -eu /machine/prepare
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 %s --system --unit=test.target --show-status=0 --log-target=journal
""" % SYSTEMD


class Unable(Exception):
    """This machine does not allow a systemd of our own."""


class Machine:
    def __init__(self, units, prepare=""):
        """`prepare` is run by sh in the new root before systemd begins: users, files, what to install."""
        self.units, self.prepare = dict(units), prepare
        self.process = self.first = self.cgroup = None
        self.dir = tempfile.mkdtemp(prefix="nocturne-machine.")
        os.chmod(self.dir, 0o755)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.first:
            try:
                os.kill(self.first, signal.SIGKILL)   # and the kernel ends all others of its namespace
            except ProcessLookupError:
                pass
        if self.process:
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.leave()
        shutil.rmtree(self.dir, ignore_errors=True)

    def leave(self):
        """The groups that it made: empty once the last of its processes is gone."""
        end = time.monotonic() + 5
        while self.cgroup and os.path.isdir(self.cgroup):
            for folder, _, _ in os.walk(self.cgroup, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    pass
            if time.monotonic() > end:
                return
            time.sleep(0.02)

    def start(self):
        if os.geteuid() != 0:
            raise Unable("only root makes the namespaces of a systemd")
        if not os.access(SYSTEMD, os.X_OK):
            raise Unable("systemd is not installed")
        if not re.search(r"\boverlay$", open("/proc/filesystems").read(), re.M):
            raise Unable("this kernel has no overlay file system")
        hierarchy = next((line.split()[1] for line in open("/proc/mounts") if line.split()[2] == "cgroup2"), None)
        if not hierarchy:
            raise Unable("no cgroup2 hierarchy is mounted")
        os.mkdir(os.path.join(self.dir, "units"))
        wanted = " ".join(name for name, text in self.units.items() if "[Install]" not in text)
        self.units["test.target"] = "[Unit]\nWants=systemd-journald.service dbus.service %s\n" % wanted
        for name, text in self.units.items():
            with open(os.path.join(self.dir, "units", name), "w") as f:
                f.write(text)
        with open(os.path.join(self.dir, "prepare"), "w") as f:
            f.write(self.prepare)
        self.cgroup = os.path.join(hierarchy, "nocturne-test-%d" % os.getpid())
        try:
            os.mkdir(self.cgroup)
        except OSError as error:
            self.cgroup = None
            raise Unable("no control group of our own: %s" % error)
        log = open(os.path.join(self.dir, "boot"), "wb")
        # The control group first: the namespace then takes it for the root of all.
        self.process = subprocess.Popen(
            ["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec unshare "$@"', self.cgroup, *NAMESPACES, "--fork", "--kill-child",
             "sh", "-c", BOOT, "boot", self.dir], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        end = time.monotonic() + 60
        while not self.is_up():
            if self.process.poll() is not None or time.monotonic() > end:
                raise Unable("no systemd starts here: " + (open(os.path.join(self.dir, "boot")).read().strip() or "it ended with %s" % self.process.poll()).splitlines()[-1])
            time.sleep(0.1)

    def is_up(self):
        try:
            children = open("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)).read().split()
        except OSError:
            children = []
        self.first = int(children[0]) if children else None
        if not self.first or not os.path.realpath("/proc/%d/exe" % self.first).endswith("systemd"):
            return False
        # Whether all units came up is no matter here: some fail, and some never end starting, on purpose.
        return self.run("systemctl", "is-active", "systemd-journald", "dbus", check=False).split() == ["active", "active"]

    def command(self, *words):
        return ["nsenter", "--target", str(self.first), *NAMESPACES, "--", "env", "-C", "/", *words]

    def run(self, *words, check=True, seconds=60):
        done = subprocess.run(self.command(*words), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds)
        assert not check or done.returncode == 0, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout
