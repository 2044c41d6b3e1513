/* The OpenAPI 3.1 document, written from routes.def, parameters.def and schemas.def. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "api/private.h"
#include "base/memory.h"

static const struct { const char *name, *type, *help; } parameters[] = {
#define PARAMETER(name, type, help) {name, type, help},
#include "api/parameters.def"
#undef PARAMETER
};

static const struct { const char *name, *members; } schemas[] = {
#define SCHEMA(name, members) {#name, members},
#include "api/schemas.def"
#undef SCHEMA
};

/* ---- schemas ---- */

static void write_reference(struct json_writer *writer, const char *name)
{
    char path[80];
    snprintf(path, sizeof path, "#/components/schemas/%s", name);
    json_write_text(writer, "$ref", path);
}

static void write_types(struct json_writer *writer, const char *first, const char *second)
{
    json_write_array(writer, "type");
    json_write_text(writer, NULL, first);
    json_write_text(writer, NULL, second);
    json_write_array_end(writer);
}

/* The members of the JSON Schema object that describes a type of schemas.def. */
static void write_type(struct json_writer *writer, const char *type)
{
    char inner[64];
    if (*type == '[') {
        snprintf(inner, sizeof inner, "%.*s", (int)strcspn(type + 1, "]"), type + 1);
        json_write_text(writer, "type", "array");
        json_write_object(writer, "items");
        write_type(writer, inner);
        json_write_object_end(writer);
    } else if (isupper((unsigned char)*type))
        write_reference(writer, type);
    else if (strcmp(type, "instant") == 0) {
        write_types(writer, "string", "null");
        json_write_text(writer, "format", "date-time");
    } else if (strcmp(type, "counts") == 0) {
        json_write_text(writer, "type", "object");
        json_write_object(writer, "additionalProperties");
        json_write_text(writer, "type", "integer");
        json_write_object_end(writer);
    } else if (strcmp(type, "any") != 0)
        json_write_text(writer, "type", type);
}

/* Call `visit` for each "member:type[!]" of a schema. */
static void each_member(struct json_writer *writer, const char *members,
                        void (*visit)(struct json_writer *writer, const char *name, const char *type, bool always))
{
    char name[48], type[48];
    int used;
    while (sscanf(members, " %47[^:]:%47[^ ]%n", name, type, &used) == 2) {
        size_t length = strlen(type);
        bool always = type[length - 1] == '!';
        if (always)
            type[length - 1] = '\0';
        visit(writer, name, type, always);
        members += used;
    }
}

static void visit_property(struct json_writer *writer, const char *name, const char *type, bool always)
{
    (void)always;
    json_write_object(writer, name);
    write_type(writer, type);
    json_write_object_end(writer);
}

static void visit_required(struct json_writer *writer, const char *name, const char *type, bool always)
{
    (void)type;
    if (always)
        json_write_text(writer, NULL, name);
}

static void write_schemas(struct json_writer *writer)
{
    json_write_object(writer, "schemas");
    for (size_t i = 0; i < ARRAY_COUNT(schemas); i++) {
        json_write_object(writer, schemas[i].name);
        json_write_text(writer, "type", "object");
        json_write_object(writer, "properties");
        each_member(writer, schemas[i].members, visit_property);
        json_write_object_end(writer);
        json_write_array(writer, "required");
        each_member(writer, schemas[i].members, visit_required);
        json_write_array_end(writer);
        json_write_object_end(writer);
    }
    json_write_object_end(writer);
}

/* ---- paths ---- */

static void write_parameter(struct json_writer *writer, const char *name, const char *where, const char *type,
                            const char *help)
{
    json_write_object(writer, NULL);
    json_write_text(writer, "name", name);
    json_write_text(writer, "in", where);
    if (strcmp(where, "path") == 0)
        json_write_bool(writer, "required", true);
    json_write_text(writer, "description", help);
    json_write_object(writer, "schema");
    json_write_text(writer, "type", type);
    json_write_object_end(writer);
    json_write_object_end(writer);
}

static void write_parameters(struct json_writer *writer, const struct route *route)
{
    json_write_array(writer, "parameters");
    const char *brace = strchr(route->path, '{');
    if (brace) {
        char name[32];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(brace + 1, "}"), brace + 1);
        write_parameter(writer, name, "path", "string", "percent-encoded; may hold an encoded slash");
    }
    for (const char *const *used = route->parameters; used && *used; used++)
        for (size_t i = 0; i < ARRAY_COUNT(parameters); i++)
            if (strcmp(parameters[i].name, *used) == 0)
                write_parameter(writer, *used, "query", parameters[i].type, parameters[i].help);
    if (strcmp(route->method, "GET") != 0) {
        write_parameter(writer, "Idempotency-Key", "header", "string",
                        "sent again with the same key, the write answers as the first time");
        write_parameter(writer, "If-Match", "header", "string", "the revision you saw; 409 shows what changed");
    }
    json_write_array_end(writer);
}

static void write_content(struct json_writer *writer, const char *media, const char *schema)
{
    json_write_object(writer, "content");
    json_write_object(writer, media);
    json_write_object(writer, "schema");
    if (isupper((unsigned char)*schema))
        write_reference(writer, schema);
    else if (strcmp(schema, "any") != 0)
        json_write_text(writer, "type", "string");
    json_write_object_end(writer);
    json_write_object_end(writer);
    json_write_object_end(writer);
}

static const char *media_of(const struct route *route)
{
    if (strcmp(route->answer, "csv") == 0)
        return "text/csv";
    if (strcmp(route->answer, "capsule") == 0)
        return "application/zstd";
    if (strcmp(route->answer, "text") != 0)
        return "application/json";
    return strstr(route->path, "events") ? "text/event-stream" : "text/plain";
}

static void write_answers(struct json_writer *writer, const struct route *route)
{
    bool none = strcmp(route->answer, "none") == 0;
    json_write_object(writer, "responses");
    json_write_object(writer, none ? "204" : "200");
    json_write_text(writer, "description", none ? "done" : route->summary);
    if (!none)
        write_content(writer, media_of(route), route->answer);
    json_write_object_end(writer);
    json_write_object(writer, "default");
    json_write_text(writer, "description", "what went wrong (RFC 9457)");
    write_content(writer, "application/problem+json", "Problem");
    json_write_object_end(writer);
    json_write_object_end(writer);
}

static void write_operation(struct json_writer *writer, const struct route *route)
{
    char key[8] = "";
    for (size_t i = 0; route->method[i] && i < sizeof key - 1; i++)
        key[i] = (char)tolower((unsigned char)route->method[i]);
    json_write_object(writer, key);
    json_write_text(writer, "summary", route->summary);
    json_write_text(writer, "x-role", role_name(route->role));
    write_parameters(writer, route);
    if (route->body) {
        bool csv = strcmp(route->body, "csv") == 0;
        json_write_object(writer, "requestBody");
        write_content(writer, csv ? "text/csv" : "application/json", route->body);
        json_write_object_end(writer);
    }
    write_answers(writer, route);
    json_write_object_end(writer);
}

static bool path_came_before(unsigned index)
{
    for (unsigned i = 0; i < index; i++)
        if (strcmp(routes[i].path, routes[index].path) == 0)
            return true;
    return false;
}

void openapi_write(struct buffer *out)
{
    struct json_writer writer;
    json_start(&writer, out);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "openapi", "3.1.0");
    json_write_object(&writer, "info");
    json_write_text(&writer, "title", "Nocturne");
    json_write_text(&writer, "version", NOCTURNE_VERSION);
    json_write_object_end(&writer);
    json_write_object(&writer, "paths");
    for (unsigned i = 0; i < route_count; i++) {
        if (path_came_before(i))
            continue;
        json_write_object(&writer, routes[i].path);
        for (unsigned same = i; same < route_count; same++)
            if (strcmp(routes[same].path, routes[i].path) == 0)
                write_operation(&writer, &routes[same]);
        json_write_object_end(&writer);
    }
    json_write_object_end(&writer);
    json_write_object(&writer, "components");
    write_schemas(&writer);
    json_write_object_end(&writer);
    json_write_object_end(&writer);
}
