#include "collect/ssh_known.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

#define FILE_MAX (4 << 20)
#define LINES_MAX 100000
#define BLOB_MAX 8192

struct line {
    char *hosts;             /* patterns, or "|1|salt|hash" */
    unsigned char *blob;
    size_t blob_length;
    unsigned file, number;
    bool revoked, authority; /* authority: of host certificates, which nothing here can check */
};

struct file {
    char *path;
    struct timespec changed;
    off_t size;
    ino_t inode;
    bool there;
};

struct ssh_known {
    struct file *files;
    unsigned file_count;
    struct line *lines;
    size_t count, capacity;
    unsigned revision;
};

/* ---- reading ---- */

static unsigned char *decode_base64(const char *text, size_t length, size_t *decoded)
{
    if (length == 0 || length % 4 != 0 || length > BLOB_MAX / 3 * 4)
        return NULL;
    unsigned char *out = memory_new(length / 4 * 3 + 1);
    int got = EVP_DecodeBlock(out, (const unsigned char *)text, (int)length);
    if (got < 0) {
        free(out);
        return NULL;
    }
    *decoded = (size_t)got - (text[length - 1] == '=') - (text[length - 2] == '=');
    return out;
}

/* The next word of a line; NULL at its end. */
static const char *word_next(const char **at, const char *end, size_t *length)
{
    while (*at < end && (**at == ' ' || **at == '\t'))
        (*at)++;
    const char *word = *at;
    while (*at < end && **at != ' ' && **at != '\t')
        (*at)++;
    *length = (size_t)(*at - word);
    return *length ? word : NULL;
}

static bool blob_names(const unsigned char *blob, size_t blob_length, const char *type, size_t length)
{
    if (blob_length < 4 + length)
        return false;
    size_t named = (size_t)blob[0] << 24 | (size_t)blob[1] << 16 | (size_t)blob[2] << 8 | blob[3];
    return named == length && memcmp(blob + 4, type, length) == 0;
}

static void read_line(struct ssh_known *known, unsigned file, unsigned number, const char *at, const char *end)
{
    size_t mark_length = 0, hosts_length, type_length, key_length, blob_length;
    const char *mark = NULL, *hosts = word_next(&at, end, &hosts_length);
    if (!hosts || *hosts == '#')
        return;
    if (*hosts == '@') {
        mark = hosts, mark_length = hosts_length;
        hosts = word_next(&at, end, &hosts_length);
    }
    const char *type = word_next(&at, end, &type_length);
    const char *key = word_next(&at, end, &key_length);
    bool revoked = mark_length == 8 && memcmp(mark, "@revoked", 8) == 0;
    bool authority = mark_length == 15 && memcmp(mark, "@cert-authority", 15) == 0;
    if (!hosts || !type || !key || (mark && !revoked && !authority) || known->count >= LINES_MAX)
        return;
    unsigned char *blob = decode_base64(key, key_length, &blob_length);
    if (!blob || !blob_names(blob, blob_length, type, type_length)) {
        free(blob);
        return;
    }
    ARRAY_RESERVE(known->lines, known->capacity, known->count + 1);
    known->lines[known->count++] = (struct line){.hosts = memory_text_n(hosts, hosts_length), .blob = blob,
        .blob_length = blob_length, .file = file, .number = number, .revoked = revoked, .authority = authority};
}

static void read_text(struct ssh_known *known, unsigned file, const char *text, size_t length)
{
    const char *end = text + length;
    for (unsigned number = 1; text < end; number++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        const char *line_end = stop ? stop : end;
        read_line(known, file, number, text, line_end > text && line_end[-1] == '\r' ? line_end - 1 : line_end);
        text = stop ? stop + 1 : end;
    }
}

static void read_file(struct ssh_known *known, unsigned index)
{
    int descriptor = open(known->files[index].path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return;
    struct buffer text = BUFFER_INIT;
    ssize_t got = 1;
    while (got > 0 && text.length < FILE_MAX) {
        buffer_reserve(&text, 16384);
        got = read(descriptor, text.data + text.length, 16384);
        if (got > 0)
            text.length += (size_t)got;
    }
    close(descriptor);
    if (text.length)
        read_text(known, index, text.data, text.length);
    buffer_release(&text);
}

static void forget_lines(struct ssh_known *known)
{
    for (size_t i = 0; i < known->count; i++) {
        free(known->lines[i].hosts);
        free(known->lines[i].blob);
    }
    known->count = 0;
}

bool ssh_known_refresh(struct ssh_known *known)
{
    bool changed = false;
    for (unsigned i = 0; i < known->file_count; i++) {
        struct file *file = &known->files[i];
        struct stat now;
        bool there = stat(file->path, &now) == 0 && S_ISREG(now.st_mode);
        if (there != file->there || (there && (now.st_size != file->size || now.st_ino != file->inode ||
                                               now.st_mtim.tv_sec != file->changed.tv_sec ||
                                               now.st_mtim.tv_nsec != file->changed.tv_nsec))) {
            changed = true;
            file->there = there;
            if (there)
                file->size = now.st_size, file->inode = now.st_ino, file->changed = now.st_mtim;
        }
    }
    if (!changed)
        return false;
    known->revision++;
    forget_lines(known);
    for (unsigned i = 0; i < known->file_count; i++)
        if (known->files[i].there)
            read_file(known, i);
    return true;
}

struct ssh_known *ssh_known_new(const char *const *paths, unsigned count)
{
    struct ssh_known *known = memory_new(sizeof *known);
    known->files = memory_new_array(count + 1, sizeof *known->files);
    for (unsigned i = 0; i < count; i++)
        known->files[known->file_count++].path = memory_text(paths[i]);
    ssh_known_refresh(known);
    return known;
}

void ssh_known_read_text(struct ssh_known *known, const char *name, const char *text, size_t length)
{
    known->files = memory_resize(known->files, known->file_count + 1, sizeof *known->files);
    known->files[known->file_count] = (struct file){.path = memory_text(name)};
    read_text(known, known->file_count++, text, length);
}

void ssh_known_free(struct ssh_known **known)
{
    if (!*known)
        return;
    forget_lines(*known);
    for (unsigned i = 0; i < (*known)->file_count; i++)
        free((*known)->files[i].path);
    free((*known)->files);
    free((*known)->lines);
    free(*known);
    *known = NULL;
}

const char *ssh_known_path(const struct ssh_known *known)
{
    return known->file_count ? known->files[0].path : "";
}

unsigned ssh_known_revision(const struct ssh_known *known)
{
    return known->revision;
}

size_t ssh_known_count(const struct ssh_known *known)
{
    return known->count;
}

/* ---- matching ---- */

void ssh_known_name(char *out, size_t size, const char *host, unsigned port)
{
    if (port == 22)
        snprintf(out, size, "%s", host);
    else
        snprintf(out, size, "[%s]:%u", host, port);
    for (; *out; out++)
        *out = (char)tolower((unsigned char)*out);
}

/* `*` any run, `?` one character; ASCII case does not matter. Iterative, so that no pattern makes it slow. */
static bool pattern_matches(const char *pattern, size_t length, const char *name)
{
    const char *end = pattern + length, *star = NULL, *resume = NULL;
    while (*name) {
        if (pattern < end && *pattern == '*') {
            star = ++pattern, resume = name;
        } else if (pattern < end && (*pattern == '?' || tolower((unsigned char)*pattern) == *name)) {
            pattern++, name++;
        } else if (star) {
            pattern = star, name = ++resume;
        } else {
            return false;
        }
    }
    while (pattern < end && *pattern == '*')
        pattern++;
    return pattern == end;
}

/* "|1|base64(salt)|base64(HMAC-SHA1(salt, name))" */
static bool hash_matches(const char *hosts, const char *name)
{
    const char *salt = hosts + 3, *bar = strchr(salt, '|');
    size_t salt_length = 0, hash_length = 0;
    if (!bar)
        return false;
    unsigned char *key = decode_base64(salt, (size_t)(bar - salt), &salt_length);
    unsigned char *hash = decode_base64(bar + 1, strlen(bar + 1), &hash_length);
    unsigned char made[EVP_MAX_MD_SIZE];
    unsigned made_length = 0;
    bool same = key && hash &&
                HMAC(EVP_sha1(), key, (int)salt_length, (const unsigned char *)name, strlen(name), made, &made_length) &&
                hash_length == made_length && memcmp(hash, made, made_length) == 0;
    free(key);
    free(hash);
    return same;
}

static bool hosts_match(const char *hosts, const char *name)
{
    if (strncmp(hosts, "|1|", 3) == 0)
        return hash_matches(hosts, name);
    bool found = false;
    while (*hosts) {
        size_t length = strcspn(hosts, ",");
        bool negated = *hosts == '!';
        if (pattern_matches(hosts + negated, length - negated, name)) {
            if (negated)
                return false;
            found = true;
        }
        hosts += length + (hosts[length] == ',');
    }
    return found;
}

static void where_of(const struct ssh_known *known, const struct line *line, struct ssh_known_answer *answer)
{
    snprintf(answer->where, sizeof answer->where, "%s:%u", known->files[line->file].path, line->number);
}

static void answer_from(const struct ssh_known *known, const struct line *line, enum ssh_known_verdict verdict,
                        struct ssh_known_answer *answer)
{
    answer->verdict = verdict;
    where_of(known, line, answer);
    ssh_known_fingerprint(line->blob, line->blob_length, answer->fingerprint);
}

void ssh_known_check(const struct ssh_known *known, const char *host, unsigned port, const void *blob, size_t length,
                     struct ssh_known_answer *answer)
{
    char name[300];
    ssh_known_name(name, sizeof name, host, port);
    *answer = (struct ssh_known_answer){.verdict = SSH_KNOWN_UNKNOWN};
    for (size_t i = 0; i < known->count; i++) {
        const struct line *line = &known->lines[i];
        bool same = line->blob_length == length && memcmp(line->blob, blob, length) == 0;
        if (line->authority) {
            if (answer->verdict == SSH_KNOWN_UNKNOWN && !answer->where[0] && hosts_match(line->hosts, name))
                where_of(known, line, answer);
            continue;
        }
        if (!same && (line->revoked || answer->verdict != SSH_KNOWN_UNKNOWN))
            continue;
        if (!hosts_match(line->hosts, name))
            continue;
        if (same && line->revoked) {
            answer_from(known, line, SSH_KNOWN_REVOKED, answer);
            return;
        }
        answer_from(known, line, same ? SSH_KNOWN_MATCH : SSH_KNOWN_CHANGED, answer);
    }
}

/* Those that libssh2 1.10 can check, best first. Of RSA it knows SHA-1 alone, which only old servers still sign with. */
static const char *const algorithms[] = {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
                                         "ecdsa-sha2-nistp521", "ssh-rsa"};

static unsigned algorithms_held(const struct ssh_known *known, const char *host, unsigned port)
{
    char name[300];
    unsigned held = 0;
    ssh_known_name(name, sizeof name, host, port);
    for (size_t i = 0; i < known->count; i++)
        for (unsigned k = 0; k < ARRAY_COUNT(algorithms); k++)
            if (!(held & 1u << k) && !known->lines[i].revoked && !known->lines[i].authority &&
                blob_names(known->lines[i].blob, known->lines[i].blob_length, algorithms[k], strlen(algorithms[k])) &&
                hosts_match(known->lines[i].hosts, name))
                held |= 1u << k;
    return held;
}

void ssh_known_algorithms(const struct ssh_known *known, const char *host, unsigned port, struct buffer *preference)
{
    unsigned held = algorithms_held(known, host, port);
    for (unsigned round = 0; round < 2; round++)
        for (unsigned k = 0; k < ARRAY_COUNT(algorithms); k++)
            if (!!(held & 1u << k) == (round == 0))
                buffer_printf(preference, "%s%s", preference->length ? "," : "", algorithms[k]);
}

bool ssh_known_usable(const struct ssh_known *known, const char *host, unsigned port)
{
    return algorithms_held(known, host, port) != 1u << (ARRAY_COUNT(algorithms) - 1);
}

/* ---- for people ---- */

void ssh_known_fingerprint(const void *blob, size_t length, char out[SSH_FINGERPRINT_TEXT])
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    unsigned char text[64];
    SHA256(blob, length, hash);
    EVP_EncodeBlock(text, hash, sizeof hash);
    snprintf(out, SSH_FINGERPRINT_TEXT, "SHA256:%.43s", (const char *)text);
}

void ssh_known_kind(const void *blob, size_t length, char *out, size_t size)
{
    const unsigned char *bytes = blob;
    size_t named = length < 4 ? 0 : (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
    if (length < 4 || named > length - 4)
        snprintf(out, size, "unknown");
    else if (blob_names(blob, length, "ssh-ed25519", 11))
        snprintf(out, size, "ED25519");
    else if (blob_names(blob, length, "ssh-rsa", 7))
        snprintf(out, size, "RSA");
    else if (named > 6 && memcmp(bytes + 4, "ecdsa-", 6) == 0)
        snprintf(out, size, "ECDSA");
    else
        text_clean_into(out, size, (const char *)bytes + 4, named);
}

static bool folder_make(const char *path, struct error *error)
{
    char *copy = memory_text(path);
    const char *folder = dirname(copy);
    bool good = mkdir(folder, 0700) == 0 || errno == EEXIST;
    if (!good)
        error_set(error, ERROR_INVALID, "%s cannot be made: %s", folder, strerror(errno));
    free(copy);
    return good;
}

bool ssh_known_add(const char *path, const char *host, unsigned port, const void *blob, size_t length,
                   struct error *error)
{
    const unsigned char *bytes = blob;
    char name[300];
    if (length < 8 || length > BLOB_MAX)
        return error_set(error, ERROR_INVALID, "that is no host key");
    size_t named = (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
    if (named > length - 4 || !folder_make(path, error))
        return error && error->code ? false : error_set(error, ERROR_INVALID, "that is no host key");
    ssh_known_name(name, sizeof name, host, port);
    unsigned char *key = memory_new(length / 3 * 4 + 8);
    EVP_EncodeBlock(key, blob, (int)length);
    int descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    char last = '\n';
    off_t end = descriptor < 0 ? 0 : lseek(descriptor, 0, SEEK_END);
    if (end > 0 && pread(descriptor, &last, 1, end - 1) != 1)
        last = '\n';
    bool good = descriptor >= 0 && dprintf(descriptor, "%s%s %.*s %s\n", last == '\n' ? "" : "\n", name, (int)named,
                                           (const char *)bytes + 4, (const char *)key) > 0 && fsync(descriptor) == 0;
    if (!good)
        error_set(error, ERROR_INVALID, "%s cannot be written: %s", path, strerror(errno));
    if (descriptor >= 0)
        close(descriptor);
    free(key);
    return good;
}
