/* Prints what is made from the table of routes: `openapi json` the OpenAPI document, `openapi TEMPLATE` the manual
 * page, whose line @ROUTES@ stands for the list. Run by the build. */
#include <stdio.h>
#include <string.h>

#include "api/private.h"

/* An address may begin with no dot, but holds hyphens that must stay hyphens. */
static void print_path(const char *path)
{
    for (; *path; path++)
        printf(*path == '-' ? "\\-" : "%c", *path);
}

static void print_routes(void)
{
    printf(".Bl -tag -width Ds\n");
    for (unsigned i = 0; i < route_count; i++) {
        const struct route *route = &routes[i];
        printf(".It Cm %s ", route->method);
        print_path(route->path);
        printf("\n%s.\n", route->summary);
        if (route->parameters && *route->parameters) {
            printf("Takes\n");
            for (const char *const *name = route->parameters; *name; name++)
                printf(".Ar %s%s\n", *name, name[1] ? " ," : "");
        }
        printf(".Pq %s\n", route->role == ROLE_NONE ? "open to all" : role_name(route->role));
    }
    printf(".El\n");
}

int main(int argc, char **argv)
{
    struct buffer document = BUFFER_INIT;
    char line[1024];
    if (argc != 2)
        return 2;
    if (strcmp(argv[1], "json") == 0) {
        openapi_write(&document);
        printf("%s\n", buffer_text(&document));
        buffer_release(&document);
        return 0;
    }
    FILE *template = fopen(argv[1], "r");
    if (!template) {
        perror(argv[1]);
        return 1;
    }
    while (fgets(line, sizeof line, template))
        if (strcmp(line, "@ROUTES@\n") == 0)
            print_routes();
        else
            fputs(line, stdout);
    fclose(template);
    return 0;
}
