/* Errors as they travel: application/problem+json (RFC 9457). `type` ends in the stable word of error_code_name,
 * `detail` is the text for the person. */
#include <stdio.h>
#include <string.h>

#include "base/flat.h"
#include "wire/wire.h"

#define PROBLEM_TYPE "urn:nocturne:problem:"

static const char *const title[] = {
    [ERROR_NONE] = "Done",
    [ERROR_INVALID] = "The request is wrong",
    [ERROR_NOT_FOUND] = "There is no such thing",
    [ERROR_CONFLICT] = "Somebody changed it first",
    [ERROR_DENIED] = "Your role does not allow it",
    [ERROR_UNAVAILABLE] = "Not available now",
    [ERROR_TIMEOUT] = "It took too long",
    [ERROR_FULL] = "No room",
    [ERROR_TOO_NEW] = "From a later version",
    [ERROR_CORRUPT] = "The data is damaged",
    [ERROR_INTERNAL] = "The daemon failed",
};

void wire_problem_begin(struct json_writer *writer, int status, const struct error *error, const char *instance)
{
    char type[64];
    snprintf(type, sizeof type, PROBLEM_TYPE "%s", error_code_name(error->code));
    json_write_object(writer, NULL);
    json_write_text(writer, "type", type);
    json_write_text(writer, "title", title[error->code]);
    json_write_integer(writer, "status", status);
    json_write_text(writer, "detail", error->text);
    json_write_text(writer, "instance", instance ? instance : "");
}

void wire_write_problem(struct buffer *out, int status, const struct error *error, const char *instance)
{
    struct json_writer writer;
    json_start(&writer, out);
    wire_problem_begin(&writer, status, error, instance);
    json_write_object_end(&writer);
}

bool wire_read_problem(const char *bytes, size_t length, struct error *error)
{
    struct flat *object = flat_parse(bytes, length, NULL);
    const char *type = object ? flat_text(object, "type", "") : "";
    if (strncmp(type, PROBLEM_TYPE, strlen(PROBLEM_TYPE)) != 0) {
        flat_free(&object);
        return false;
    }
    type += strlen(PROBLEM_TYPE);
    enum error_code code = ERROR_INTERNAL;
    for (int known = ERROR_NONE + 1; known <= ERROR_INTERNAL; known++)
        if (strcmp(type, error_code_name((enum error_code)known)) == 0)
            code = (enum error_code)known;
    error_set(error, code, "%s", flat_text(object, "detail", ""));
    flat_free(&object);
    return true;
}
