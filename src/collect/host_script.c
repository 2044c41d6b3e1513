/* The question that a Unix host is asked: one text for `sh`, which works in dash, BusyBox ash, bash and ksh.
 *
 * Everything stands in one group with its own standard input, so that no command eats the rest of the script. What a
 * person on that host could put a line into (process names, commands, unit texts) goes through a sed that takes the
 * first `=` of a line away, so that nobody can forge a mark. File systems of the network are asked by processes left
 * behind: each writes one `=late` line when it has its answer, and is not started again while one of before hangs. What
 * the package manager takes seconds for comes the same way. */
#include <string.h>

#include "base/buffer.h"
#include "collect/collector.h"
#include "collect/host_private.h"

static const char begin_text[] =
    "LC_ALL=C; export LC_ALL\n"
    "case \":$PATH:\" in *:/usr/sbin:*) ;; *) PATH=$PATH:/usr/sbin:/sbin; export PATH ;; esac\n"
    "nocturne_q() { sed 's/^=/ =/'; }\n"
    "nocturne_has() { command -v \"$1\" >/dev/null 2>&1; }\n"
    "[ \"$nocturne_t\" ] || if timeout 1 true; then nocturne_t='timeout 5' nocturne_l='timeout 60'; elif timeout -t 1 true; then nocturne_t='timeout -t 5' nocturne_l='timeout -t 60'; else nocturne_t=' ' nocturne_l=' '; fi\n";

/* head names the files it prints; where it cannot, a loop does. */
static const char proc_text[] =
    "echo '=nocturne proc'\n"
    "[ \"$nocturne_r\" ] || case $(head -v -n 1 /proc/uptime) in '==> '*) nocturne_r=head ;; *) nocturne_r=cat ;; esac\n"
    "if [ $nocturne_r = head ]; then head -v -n 20000 $nocturne_f; else for nocturne_x in $nocturne_f; do echo \"==> $nocturne_x <==\"; cat $nocturne_x; done; fi\n";

static const char disks_text[] =
    "echo '=nocturne disks'\n"
    "set --; nocturne_i=0\n"
    "while read -r nocturne_d nocturne_m nocturne_k nocturne_o; do\n"
    "case $nocturne_m in *\\\\012*) continue ;; *\\\\*) nocturne_m=$(printf %b \"$nocturne_m\") ;; esac\n"
    "case $nocturne_k in\n"
    "ext[234]|xfs|btrfs|zfs|f2fs|jfs|reiserfs|vfat|exfat|ntfs|ntfs3|ubifs|jffs2|bcachefs) set -- \"$@\" \"$nocturne_m\" ;;\n"
    "overlay) [ \"$nocturne_m\" != / ] || set -- \"$@\" / ;;\n"
    "nfs|nfs4|cifs|smb3|ceph|9p|virtiofs|glusterfs|lustre|gfs2|ocfs2|afs|fuse.*|fuseblk)\n"
    "nocturne_i=$((nocturne_i + 1)); eval \"nocturne_x=\\$nocturne_p$nocturne_i\"\n"
    "if [ $nocturne_i -le 64 ] && ! { [ \"$nocturne_x\" ] && kill -0 \"$nocturne_x\"; }; then\n"
    "( nocturne_x=$($nocturne_t stat -f -c '%b %f %a %S %c %d %n' -- \"$nocturne_m\") && echo \"=late $nocturne_x\" ) &\n"
    "eval \"nocturne_p$nocturne_i=$!\"\n"
    "fi ;;\n"
    "esac\n"
    "done </proc/self/mounts\n"
    "[ $# -eq 0 ] || stat -f -c '%b %f %a %S %c %d %n' -- \"$@\" || df -Pk -- \"$@\"\n";

/* A tool that was stopped by its limit, on a host that is too busy, has told a part: `ok` says that it told all. */
static const char usual_text[] =
    "echo '=nocturne more'\n"
    "set -- /proc/[0-9]*; echo \"tasks $#\"\n"
    "date '+clock %s %z'\n"
    "grep '^oom_kill ' /proc/vmstat\n"
    "grep -H . /sys/class/net/*/speed /sys/class/net/*/operstate\n"
    "ls -d /sys/class/net/*/device\n"
    "echo '=nocturne ports'\n"
    "if nocturne_has ss; then echo ss; { $nocturne_t ss -tunlpe && echo ok; } | nocturne_q\n"
    "elif nocturne_has netstat && $nocturne_t netstat -tunlp >/dev/null; then echo netstat; { $nocturne_t netstat -tunlp && echo ok; } | head -n 5000 | nocturne_q\n"
    "else for nocturne_x in tcp tcp6 udp udp6; do echo \"proc $nocturne_x\"; head -n 5000 /proc/net/$nocturne_x; done; fi\n"
    "echo '=nocturne sessions'\n"
    "if nocturne_has ss && nocturne_has awk; then echo ss; { $nocturne_t ss -tunl && echo - && $nocturne_t ss -tunpe state established && echo +; } | awk '"
    "function tail(a){sub(/.*:/,\"\",a);return a} function stem(a){sub(/:[^:]*$/,\"\",a);return a} "
    "$1==\"-\"{rest=1;next} $1==\"+\"{whole=1;next} !rest{open[$1 tail($5)]=1;next} {p=$1 tail($4);if(p in open){count[p]++;next} "
    "if(stem($4)==stem($5))next;who=\"\";if(match($0,/users:\\(\\(.*\\)\\)/))who=substr($0,RSTART,RLENGTH);gsub(/,fd=[0-9]+/,\"\",who);"
    "if(match($0,/ uid:[0-9]+/))who=who substr($0,RSTART,RLENGTH);else if(match($0,/ ino:/))who=who \" uid:0\";"
    "who=$1\" \"$5\" \"substr(who,1,300);if(!(who in peer)&&++peers>2000)next;peer[who]++} "
    "END{if(whole)print \"ok\";for(p in count)print \"S\",p,count[p];for(who in peer)print \"P\",peer[who],who}' | nocturne_q\n"
    "else for nocturne_x in tcp tcp6; do echo \"proc $nocturne_x\"; head -n 5000 /proc/net/$nocturne_x; done; fi\n"
    "echo '=nocturne units'\n"
    "if nocturne_has systemctl; then nocturne_x=Id,Description,LoadState,ActiveState,SubState,UnitFileState,StateChangeTimestampMonotonic; "
    "{ set -f; echo wanted; if [ \"$nocturne_u\" ]; then $nocturne_t systemctl show --no-pager -p $nocturne_x -- $nocturne_u; fi; [ $? -lt 100 ] && { echo; echo others; set +f; "
    "$nocturne_t systemctl show --state=failed '*.mount' '*.swap' --no-pager -p $nocturne_x; echo; "
    "$nocturne_t systemctl show '*.service' '*.timer' '*.socket' '*.path' --no-pager -p $nocturne_x && echo ok; }; } | nocturne_q; fi\n"
    "echo '=nocturne logins'\n"
    "if nocturne_has who; then echo who; who | head -n 500 | nocturne_q; fi\n"
    "echo '=nocturne failed'\n"
    "nocturne_x=; for nocturne_m in /var/log/auth.log /var/log/secure /var/log/messages; do [ \"$nocturne_x\" ] || ! [ -r $nocturne_m ] || nocturne_x=$nocturne_m; done\n"
    "if [ \"$nocturne_x\" ]; then echo log; tail -c 300000 $nocturne_x | grep -E 'Failed password|Invalid user|authentication failure' | tail -n 1000 | cut -c 1-40 | nocturne_q\n"
    "elif nocturne_has journalctl && $nocturne_t journalctl -q -n 1 >/dev/null; then echo log; $nocturne_t journalctl -q --no-pager -o short-iso --since=-1h -n 5000 _COMM=sshd + _COMM=sshd-session | grep -E 'Failed password|Invalid user|authentication failure' | tail -n 1000 | cut -c 1-40 | nocturne_q; fi\n";

static const char full_text[] =
    "echo '=nocturne processes'\n"
    "cat /proc/[0-9]*/stat | nocturne_q\n"
    "echo '=nocturne commands'\n"
    "nocturne_has ps && { $nocturne_t ps -eo pid=,user:32=,args= || $nocturne_t ps -o pid,user,args; } | cut -c 1-280 | nocturne_q\n"
    "echo '=nocturne io'\n"
    "grep -H -E '^(read|write)_bytes' /proc/[0-9]*/io\n";

/* Package managers compute for seconds: not at each sign-in of a host whose link comes and goes, nor once nobody asks. */
static const char slow_text[] =
    "nocturne_later() { sleep 20; kill -0 $$; }\n"
    "echo '=nocturne facts'\n"
    "echo \"kernel=$(uname -r)\"; echo \"machine=$(uname -m)\"; echo \"hostname=$(uname -n)\"; echo \"kind=$(uname -s)\"\n"
    "grep '^PRETTY_NAME=' /etc/os-release || { read -r nocturne_x </etc/redhat-release && echo \"system=$nocturne_x\"; }\n"
    "grep -m 1 'model name' /proc/cpuinfo\n"
    "read -r nocturne_x </sys/class/dmi/id/product_name && echo \"product=$nocturne_x\"\n"
    "echo '=nocturne passwd'\n"
    "cut -d: -f1,3 /etc/passwd | head -n 5000 | nocturne_q\n"
    "echo '=nocturne offset'\n"
    "if nocturne_has chronyc; then echo chrony; $nocturne_t chronyc -n tracking\n"
    "elif nocturne_has ntpq; then echo ntp; $nocturne_t ntpq -c rv\n"
    "elif nocturne_has timedatectl; then echo timesync; $nocturne_t timedatectl timesync-status; fi\n"
    "echo '=nocturne updates'\n"
    "if nocturne_has apt-get; then echo apt; ( nocturne_later || exit; nocturne_x=$(nice $nocturne_l apt-get -s -o Debug::NoLocking=1 upgrade | grep -c '^Inst .*[Ss]ecurity'); echo \"=late updates $nocturne_x\" ) &\n"
    "elif nocturne_has dnf; then echo dnf; ( nocturne_later || exit; nocturne_x=$(nice $nocturne_l dnf -q -C updateinfo list --security | grep -c .); echo \"=late updates $nocturne_x\" ) &\n"
    "elif nocturne_has yum; then echo yum; ( nocturne_later || exit; nocturne_x=$(nice $nocturne_l yum -q -C updateinfo list security | grep -c .); echo \"=late updates $nocturne_x\" ) & fi\n";

static void append_certificates(struct buffer *text, const char *const *paths, unsigned count)
{
    buffer_append_text(text, "echo '=nocturne certificates'\nif nocturne_has openssl; then echo openssl; nocturne_i=0; for nocturne_x in");
    for (unsigned i = 0; i < count; i++)
        buffer_printf(text, " %s", paths[i]);
    buffer_append_text(text, "; do [ -f \"$nocturne_x\" ] || continue; nocturne_i=$((nocturne_i + 1)); [ $nocturne_i -le 100 ] || break; "
                             "echo \"file $nocturne_x\"; $nocturne_t openssl x509 -noout -subject -enddate -in \"$nocturne_x\" | nocturne_q; done; fi\n");
}

void host_units_ask(struct source *source, uint32_t asset, struct buffer *text)
{
    const struct sink *sink = &source->sink;
    struct buffer expected = BUFFER_INIT;
    if (sink->ops->units)
        sink->ops->units(sink->owner, asset, &expected);
    buffer_append_text(text, "nocturne_u='");
    for (const char *names = buffer_text(&expected); *names;) {
        size_t length = strcspn(names, " "), good = strspn(names, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@._:-*\\");
        if (length && good >= length && *names != '-') /* no other word is a unit's name */
            buffer_printf(text, "%.*s ", (int)length, names);
        names += length + (names[length] == ' ');
    }
    buffer_append_text(text, "'; ");
    buffer_release(&expected);
}

void host_script(struct buffer *text, unsigned depths, const char *const *certificates, unsigned certificate_count)
{
    buffer_printf(text, "{ echo '" HOST_ANSWER_BEGIN " 1 %u'\n", depths);
    buffer_append_text(text, begin_text);
    if (depths & HOST_QUICK) {
        buffer_append_text(text, "nocturne_f='");
        for (size_t i = 0; host_proc_files[i]; i++)
            buffer_printf(text, "%s%s", i ? " " : "", host_proc_files[i]);
        buffer_append_text(text, "'\n");
        buffer_append_text(text, proc_text);
        buffer_append_text(text, disks_text);
    }
    if (depths & HOST_SLOW)
        buffer_append_text(text, slow_text);
    if (depths & HOST_SLOW && certificate_count)
        append_certificates(text, certificates, certificate_count);
    if (depths & HOST_USUAL)
        buffer_append_text(text, usual_text);
    if (depths & HOST_FULL)
        buffer_append_text(text, full_text);
    buffer_append_text(text, "echo '=nocturne end'\n} </dev/null 2>/dev/null\n");
}
