/* Bearer tokens for programs and for people over TLS: made by an admin, shown once, kept as a hash. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/private.h"
#include "base/memory.h"

struct token {
    char name[64], text[TOKEN_TEXT];
    char *body; /* NULL: take it back */
};

static void token_release(void *state)
{
    struct token *token = state;
    free(token->body);
    sodium_memzero(token->text, sizeof token->text);
    free(token);
}

static void write_token(struct json_writer *writer, const struct record *record, const char *text)
{
    json_write_object(writer, NULL);
    json_write_text(writer, "name", record->id);
    json_write_text(writer, "role", json_get_text(record->body, "role", ""));
    json_write_text(writer, "made", json_get_text(record->body, "made", ""));
    json_write_text(writer, "made_by", json_get_text(record->body, "made_by", ""));
    if (text)
        json_write_text(writer, "token", text);
    json_write_object_end(writer);
}

void get_tokens(struct request *request)
{
    struct wire_page page = {0};
    struct json_writer writer;
    for (struct record *record = request->api->records; record; record = record->next)
        page.total += strcmp(record->kind, "token") == 0;
    page.population = page.total;
    request_page(request, &page);
    json_start(&writer, &request->answer);
    wire_list_begin(&writer, &page);
    for (struct record *record = request->api->records; record; record = record->next)
        if (strcmp(record->kind, "token") == 0)
            write_token(&writer, record, NULL);
    wire_list_end(&writer);
    request_finish_json(request);
}

static void token_kept(void *owner, const struct error *error)
{
    struct request *request = owner;
    struct token *token = request->state;
    if (!error && token->body && request->api)
        record_put(request->api, "token", token->name, 1, token->body);
    else if (!error && request->api)
        record_remove(request->api, "token", token->name);
    if (!request_alive(request))
        return;
    if (error)
        request_fail(request, error);
    else if (!token->body)
        request_finish(request, 204);
    else {
        struct json_writer writer;
        json_start(&writer, &request->answer);
        write_token(&writer, record_find(request->api, "token", token->name), token->text);
        request->content_type = "application/json";
        request->secret = true;
        request_finish(request, 201);
    }
}

static bool name_good(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
    return length > 0 && length < sizeof((struct token *)NULL)->name && !name[length];
}

static char *token_body(struct request *request, const char *role, const char *hash)
{
    struct buffer text = BUFFER_INIT;
    struct json_writer writer;
    json_start(&writer, &text);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "role", role);
    json_write_text(&writer, "hash", hash);
    json_write_instant(&writer, "made", request->now);
    json_write_text(&writer, "made_by", request->who.name);
    json_write_object_end(&writer);
    return buffer_take(&text);
}

static void make_token(struct request *request, const char *name, const char *role)
{
    char hash[65], detail[64];
    struct token *token = memory_new(sizeof *token);
    request->state = token;
    request->release_state = token_release;
    snprintf(token->name, sizeof token->name, "%s", name);
    token_make(token->text, hash);
    token->body = token_body(request, role, hash);
    snprintf(detail, sizeof detail, "{\"role\":\"%s\"}", role);
    struct store_action *action = store_action_new(request->api->store, request->who.name, "token make", name, detail);
    store_action_record(action, "token", name, 0, token->body);
    store_action_commit(action, token_kept, request);
}

void post_token(struct request *request)
{
    struct json_object *body = request_json(request);
    if (!body)
        return;
    const char *name = json_get_text(body, "name", ""), *role = json_get_text(body, "role", "viewer");
    enum role parsed;
    if (!name_good(name))
        request_refuse(request, 400, ERROR_INVALID, "name: expected letters, digits, - _ . and at most 63 of them");
    else if (!role_parse(role, &parsed))
        request_refuse(request, 400, ERROR_INVALID, "role: expected viewer, operator, supervisor or admin; got `%.40s`", role);
    else if (record_find(request->api, "token", name))
        request_refuse(request, 409, ERROR_CONFLICT, "there is a token `%s`; take it back first", name);
    else
        make_token(request, name, role);
    json_object_put(body);
}

void delete_token(struct request *request)
{
    if (!record_find(request->api, "token", request->id)) {
        request_refuse(request, 404, ERROR_NOT_FOUND, "no token `%.64s`", request->id);
        return;
    }
    struct token *token = memory_new(sizeof *token);
    request->state = token;
    request->release_state = token_release;
    snprintf(token->name, sizeof token->name, "%s", request->id);
    struct store_action *action = store_action_new(request->api->store, request->who.name, "token revoke", token->name, "");
    store_action_record(action, "token", token->name, -1, NULL);
    store_action_commit(action, token_kept, request);
}
