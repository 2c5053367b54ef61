/* repl.c: the prompt: libedit history, `=expr`, values shown, unfinished lines continued. */
#include "system.h"
#include "repl.h"
#include <editline/readline.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static genai *running;                     /* the signal handler has no argument: the command runs one prompt */

static volatile sig_atomic_t interrupted;

/* Called every few thousand steps, in coroutines too: they inherit it. */
static void look(lua_State *L, lua_Debug *d) {
  if (!interrupted) return;
  interrupted = 0;
  luaL_error(L, "interrupted");
}

static void interrupt(int number) {
  if (!running) return;
  interrupted = 1;
  gn_cancel(running->g, true);
}

static bool unfinished(lua_State *L, int status) {
  if (status != LUA_ERRSYNTAX) return false;
  size_t n;
  const char *text = lua_tolstring(L, -1, &n);
  return n >= 5 && !strcmp(text + n - 5, "<eof>");
}

/* Compiles "return LINE" first, so that `=x` and `x` show values. */
static int compile(lua_State *L, const char *line) {
  if (*line == '=') line++;
  lua_pushfstring(L, "return %s", line);
  int status = luaL_loadbufferx(L, lua_tostring(L, -1), lua_rawlen(L, -1), "=stdin", "t");
  lua_remove(L, -2);
  if (status == LUA_OK) return status;
  lua_pop(L, 1);
  return luaL_loadbufferx(L, line, strlen(line), "=stdin", "t");
}

static int traceback(lua_State *L) {
  luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
  return 1;
}

static void show(lua_State *L, int base) {
  int n = lua_gettop(L) - base;
  if (n <= 0) return;
  luaL_checkstack(L, 2, "too many results");
  lua_getglobal(L, "print");
  lua_insert(L, base + 1);
  if (lua_pcall(L, n, 0, 0) != LUA_OK) fprintf(stderr, "%s\n", lua_tostring(L, -1));
}

static void run_line(genai *g, int base) {
  lua_State *L = genai_lua(g);
  g->now = L;
  lua_pushcfunction(L, traceback);
  lua_insert(L, base + 1);
  running = g;
  int status = lua_pcall(L, 0, LUA_MULTRET, base + 1);
  running = NULL, interrupted = 0;
  gn_cancel(g->g, false);
  if (status == LUA_OK) show(L, base + 1);
  else fprintf(stderr, "%s\n", lua_tostring(L, -1));
  lua_settop(L, base);
}

static char *read_more(char *line) {
  char *more = readline(">> ");
  if (!more) return free(line), NULL;
  size_t n = strlen(line), m = strlen(more);
  char *both = malloc(n + m + 2);
  if (both) memcpy(both, line, n), both[n] = '\n', memcpy(both + n + 1, more, m + 1);
  free(line);
  free(more);
  return both;
}

static char *history_path(void) {
  const char *home = getenv("HOME");
  if (!home) return NULL;
  size_t n = strlen(home) + 32;
  char *path = malloc(n);
  if (path) snprintf(path, n, "%s/.genai_history", home);
  return path;
}

int repl(genai *g) {
  lua_State *L = genai_lua(g);
  char *path = history_path(), *line;
  genai_eval(g, "genai", "genai = require 'genai'  help = require('genai.help').show");
  printf("genai - tensors, models, stories, pictures and music in Lua. help \"story\" explains, Ctrl-D leaves.\n");
  rl_initialize();
  using_history();
  if (path) read_history(path);
  signal(SIGINT, interrupt);
  lua_sethook(L, look, LUA_MASKCOUNT, 10000);
  while ((line = readline("> "))) {
    int base = lua_gettop(L), status = compile(L, line);
    while (unfinished(L, status)) {
      lua_settop(L, base);
      if (!(line = read_more(line))) break;
      status = compile(L, line);
    }
    if (!line) break;
    if (*line) add_history(line);
    free(line);
    if (status == LUA_OK) run_line(g, base);
    else fprintf(stderr, "%s\n", lua_tostring(L, -1));
    lua_settop(L, base);
  }
  putchar('\n');
  if (path) write_history(path);
  free(path);
  return 0;
}
