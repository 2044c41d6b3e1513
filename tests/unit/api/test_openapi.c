/* The document describes what is served: every route is in it, every address in it answers, and what answers has the
 * members that the document names. */
#include "door.h"

#include <ctype.h>

static struct door door;
static struct json_object *document;

static int open_door(void **state)
{
    (void)state;
    door_prepare(&door);
    door_heartbeat(&door, "T-1");
    door_start(&door);
    struct answer answer = ASK(.path = "/api/v1/openapi.json");
    expect_status(&answer, 200);
    assert_non_null(answer.json);
    document = json_object_get(answer.json);
    answer_release(&answer);
    answer = ASK(.method = "POST", .path = "/api/v1/ledger/import",
                 .body = "id,name,kind,parent,building,tags,period\nGW-1,g,gateway,,b,x,60s\nT-1,t,terminal,GW-1,b,,5m\n", .type = "text/csv");
    expect_status(&answer, 200);
    answer_release(&answer);
    answer = ASK(.method = "POST", .path = "/api/v1/ingest/readings", .body = "[{\"asset\":\"T-1\",\"metric\":\"t\",\"value\":1},7]");
    expect_status(&answer, 200);
    answer_release(&answer);
    door_report(&door, .asset = "T-1", .rule = "hot", .severity = SEVERITY_MAJOR);
    answer = ASK(.method = "POST", .path = "/api/v1/silences",
                 .body = "{\"filter\":\"building:c\",\"ends\":\"2h\",\"why\":\"x\"}");
    expect_status(&answer, 201);
    answer_release(&answer);
    answer = ASK(.method = "POST", .path = "/api/v1/downtimes",
                 .body = "{\"filter\":\"building:c\",\"kind\":\"recurring\",\"schedule\":\"daily 03:00\",\"duration_ms\":60000,"
                         "\"why\":\"x\"}");
    expect_status(&answer, 201);
    answer_release(&answer);
    answer = ASK(.method = "PUT", .path = "/api/v1/views/T-1", .body = "{\"resource\":\"assets\",\"query\":\"\"}");
    answer_release(&answer);
    return 0;
}

static int close_door(void **state)
{
    (void)state;
    json_object_put(document);
    door_close(&door);
    return 0;
}

static void lower(char *out, size_t size, const char *text)
{
    size_t i = 0;
    for (; text[i] && i + 1 < size; i++)
        out[i] = (char)tolower((unsigned char)text[i]);
    out[i] = '\0';
}

static void every_route_is_in_the_document(void **state)
{
    (void)state;
    for (unsigned i = 0; i < route_count; i++) {
        char method[8];
        lower(method, sizeof method, routes[i].method);
        struct json_object *operation = json_get(json_get(json_get(document, "paths"), routes[i].path), method);
        if (!operation)
            fail_msg("%s %s is not documented", routes[i].method, routes[i].path);
        assert_string_equal(json_get_text(operation, "summary", ""), routes[i].summary);
        assert_string_equal(json_get_text(operation, "x-role", ""), role_name(routes[i].role));
        unsigned named = strchr(routes[i].path, '{') ? 1 : 0, queries = 0;
        for (const char *const *name = routes[i].parameters; name && *name; name++)
            queries++;
        if (strcmp(routes[i].method, "GET") != 0)
            named += 2;
        assert_int_equal(json_object_array_length(json_get(operation, "parameters")), named + queries);
    }
    assert_string_equal(json_get_text(document, "openapi", ""), "3.1.0");
}

static void check_references(struct json_object *node)
{
    if (json_object_is_type(node, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(node); i++)
            check_references(json_object_array_get_idx(node, i));
        return;
    }
    if (!json_object_is_type(node, json_type_object))
        return;
    const char *reference = json_get_text(node, "$ref", NULL);
    if (reference && !json_at(document, reference + 1))
        fail_msg("%s leads nowhere", reference);
    json_object_object_foreach(node, key, value)
    {
        (void)key;
        check_references(value);
    }
}

static void every_reference_leads_somewhere(void **state)
{
    (void)state;
    check_references(document);
}

/* Members that the schema does not know, or lacks; references are followed, lists looked at in their first item. */
static void check_shape(struct json_object *schema, struct json_object *value, const char *where)
{
    const char *reference = json_get_text(schema, "$ref", NULL);
    if (reference)
        schema = json_at(document, reference + 1);
    const char *type = json_get_text(schema, "type", "");
    if (strcmp(type, "array") == 0) {
        assert_true(json_object_is_type(value, json_type_array));
        if (json_object_array_length(value))
            check_shape(json_get(schema, "items"), json_object_array_get_idx(value, 0), where);
        return;
    }
    if (!value)
        return; /* null, where nothing is to be said */
    if (strcmp(type, "string") == 0 && !json_object_is_type(value, json_type_string))
        fail_msg("%s: not a string", where);
    if (strcmp(type, "integer") == 0 && !json_object_is_type(value, json_type_int))
        fail_msg("%s: not an integer", where);
    if (strcmp(type, "boolean") == 0 && !json_object_is_type(value, json_type_boolean))
        fail_msg("%s: not a boolean", where);
    struct json_object *properties = json_get(schema, "properties"), *required = json_get(schema, "required");
    if (strcmp(type, "object") != 0 || !properties)
        return;
    json_object_object_foreach(value, key, member)
    {
        struct json_object *property = json_get(properties, key);
        if (!property && json_object_object_length(properties))
            fail_msg("%s: `%s` is not documented", where, key);
        check_shape(property, member, key);
    }
    for (size_t i = 0; required && i < json_object_array_length(required); i++)
        if (!json_object_object_get_ex(value, json_object_get_string(json_object_array_get_idx(required, i)), NULL))
            fail_msg("%s: `%s` is missing", where, json_object_get_string(json_object_array_get_idx(required, i)));
}

/* What a GET needs besides its path. */
static const char *query_of(const char *path)
{
    static const char *const needs[][2] = {{"/api/v1/assets/{id}/readings", "?metric=t"}, {"/api/v1/facets", "?field=building"}, {"/api/v1/downtimes/rehearse", "?filter=kind:gateway&ends=2098-01-01T00:00:00Z"},
                                           {"/api/v1/assets", "?fields=id,name,kind,tags,values,attributes,children_by_health"}};
    for (size_t i = 0; i < ARRAY_COUNT(needs); i++)
        if (strcmp(needs[i][0], path) == 0)
            return needs[i][1];
    return "";
}

/* What {id} or {name} may be. */
static const char *id_of(const char *pattern)
{
    static const char *const ids[][2] = {{"/api/v1/runbooks/", "application"}, {"/api/v1/reports/", "capacity"}, {"/api/v1/rules/", "hot-rule"}, {"/api/v1/security/", "host"}};
    for (size_t i = 0; i < ARRAY_COUNT(ids); i++)
        if (strncmp(pattern, ids[i][0], strlen(ids[i][0])) == 0)
            return ids[i][1];
    return strncmp(pattern, "/api/v1/alerts/", 15) == 0 ? door.alert : "T-1";
}

static void every_documented_read_answers_as_documented(void **state)
{
    (void)state;
    struct json_object *paths = json_get(document, "paths");
    json_object_object_foreach(paths, pattern, operations)
    {
        struct json_object *get = json_get(operations, "get");
        if (!get || strcmp(pattern, "/api/v1/events") == 0 || strstr(pattern, "/logs"))
            continue;
        char path[256];
        const char *brace = strchr(pattern, '{');
        if (brace)
            snprintf(path, sizeof path, "%.*s%s%s%s", (int)(brace - pattern), pattern,
                     id_of(pattern), strchr(brace, '}') + 1, query_of(pattern));
        else
            snprintf(path, sizeof path, "%s%s", pattern, query_of(pattern));
        struct answer answer = ASK(.path = path);
        expect_status(&answer, 200);
        struct json_object *content = json_get(json_get(json_get(get, "responses"), "200"), "content");
        json_object_object_foreach(content, media, shape)
        {
            if (!strstr(answer.headers.data, media))
                fail_msg("%s does not answer with %s", path, media);
            if (strcmp(media, "application/json") == 0)
                check_shape(json_get(shape, "schema"), answer.json, path);
        }
        answer_release(&answer);
    }
}

static void every_documented_write_is_there(void **state)
{
    (void)state;
    for (unsigned i = 0; i < route_count; i++) {
        if (strcmp(routes[i].method, "GET") == 0)
            continue;
        const char *brace = strchr(routes[i].path, '{');
        char path[128];
        snprintf(path, sizeof path, "%.*s%s%s", (int)(brace ? brace - routes[i].path : (long)strlen(routes[i].path)), routes[i].path,
                 brace ? "no-such" : "", brace ? strchr(brace, '}') + 1 : "");
        struct answer answer = ASK(.method = routes[i].method, .path = path, .body = routes[i].body ? "[]" : NULL);
        assert_int_not_equal(answer.status, 405);
        if (answer.status == 404)
            assert_null(strstr(answer.body.data, "no such address"));
        answer_release(&answer);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_door, close_door)
    const struct CMUnitTest tests[] = {
        TEST(every_route_is_in_the_document),
        TEST(every_reference_leads_somewhere),
        TEST(every_documented_read_answers_as_documented),
        TEST(every_documented_write_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
