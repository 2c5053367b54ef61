/* genai.c: a runtime: its Lua state, its errors, and the values that pass between host and script. */
#include "bind.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "system.h"
#include "value.h"

/* ---- memory ---- */
static void pressure(void *user) {
  genai *rt = user;
  if (!rt->L || rt->opening) return;
  lua_gc(rt->L, LUA_GCCOLLECT);                                  /* the main thread: the one that asked may be a coroutine long gone */
}

/* ---- errors ---- */
/* Pushes "file:line: " of the nearest caller that is not stdlib. */
static void where(lua_State *L) {
  lua_Debug d;
  for (int level = 1; lua_getstack(L, level, &d); level++)
    if (lua_getinfo(L, "Sl", &d) && d.currentline > 0 && strncmp(d.short_src, "stdlib/", 7)) {
      lua_pushfstring(L, "%s:%d: ", d.short_src, d.currentline);
      return;
    }
  luaL_where(L, 1);
}

int raisef(lua_State *L, const char *format, ...) {
  char text[700];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  where(L);
  lua_pushstring(L, text);
  lua_concat(L, 2);
  return lua_error(L);
}

int raise_error(lua_State *L) {
  genai *rt = rt_of(L);
  char text[640];
  snprintf(text, sizeof text, "%s", gn_error());
  if (gn_error_status() == GN_NOMEM) snprintf(rt->nomem, sizeof rt->nomem, "%.255s", text);
  return raisef(L, "%s", text);
}

static void set_error(genai *rt, const char *text) {
  free(rt->error);
  rt->error = text ? strdup(text) : NULL;
  rt->lost = text && !rt->error;
}

static int traceback(lua_State *L) {
  const char *text = lua_tostring(L, 1);
  if (!text) text = luaL_tolstring(L, 1, NULL);
  luaL_traceback(L, L, text, 1);
  return 1;
}

static genai_status status_of(genai *rt, int status) {
  if (status == LUA_OK) return GENAI_OK;
  const char *text = lua_type(rt->L, -1) == LUA_TSTRING ? lua_tostring(rt->L, -1) : NULL;
  bool nomem = status == LUA_ERRMEM || (text && rt->nomem[0] && strstr(text, rt->nomem)) || (text && strstr(text, "not enough memory"));
  set_error(rt, text ? text : "an error that is no text");
  lua_settop(rt->L, 0);
  rt->nomem[0] = 0;
  if (nomem) lua_gc(rt->L, LUA_GCCOLLECT);
  return nomem ? GENAI_NOMEM : GENAI_ERROR;
}

/* ---- opening ---- */
static int open_state(lua_State *L) {
  luaL_Buffer b;                                                 /* Lua makes its buffers' metatable with the first large one, and for good: here, where */
  luaL_buffinitsize(L, &b, 64 * LUAL_BUFFERSIZE);                /* a failure ends the runtime, not later, where it would leave it half made */
  luaL_pushresultsize(&b, 0);
  lua_pop(L, 1);
  luaL_openlibs(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, open_core);
  lua_setfield(L, -2, "genai.core");
  lua_pop(L, 1);
  open_stdlib(L);
  open_safe(L);
  lua_getglobal(L, "require");
  lua_setfield(L, LUA_REGISTRYINDEX, "genai.require");           /* for the host's values, whatever scripts do to the global */
  return 0;
}

/* Pieces are put together; "@on" and "@off" steer, as in lua. Without a log they are off at first and go to stderr. */
static void warn(void *user, const char *text, int more) {
  genai *rt = user;
  size_t n = strlen(rt->warning);
  bool first = n == 0;
  snprintf(rt->warning + n, sizeof rt->warning - n, "%s", text);
  if (more) return;
  if (first && text[0] == '@') rt->warns = !strcmp(text, "@on") ? true : !strcmp(text, "@off") ? false : rt->warns;
  else if (rt->warns && rt->options.log) rt->options.log(rt->options.user, 1, rt->warning);
  else if (rt->warns) fprintf(stderr, "genai: warning: %s\n", rt->warning);
  rt->warning[0] = 0;
}

genai *genai_open_mode(const genai_options *options, bool exact, const char *isa) {
  genai *rt = calloc(1, sizeof *rt);
  if (!rt) return NULL;
  rt->opening = true;
  if (options) rt->options = *options;
  rt->seed = rt->options.seed;
  rt->warns = rt->options.log != NULL;
  gn_config config = { .limit = rt->options.memory_limit, .threads = rt->options.threads == 0 ? -1 : rt->options.threads, .exact = exact, .isa = isa,
                       .pressure = pressure, .user = rt, .seed = rt->options.seed };
  if (!(rt->g = gn_open(&config))) return free(rt), NULL;
  if (rt->options.root && !(rt->root = realpath(rt->options.root, NULL))) return genai_close(rt), NULL;
  rt->options.root = rt->root;
  if (!(rt->L = lua_newstate(lua_alloc, rt))) return genai_close(rt), NULL;
  *(genai **)lua_getextraspace(rt->L) = rt;
  lua_setwarnf(rt->L, warn, rt);
  rt->now = rt->L;
  if (!alloc_probe(rt)) return genai_close(rt), NULL;
  lua_pushcfunction(rt->L, open_state);
  if (lua_pcall(rt->L, 0, 0, 0) != LUA_OK) return genai_close(rt), NULL;
  rt->opening = false;
  return rt;
}

genai *genai_open(const genai_options *options) { return genai_open_mode(options, false, NULL); }

void genai_close(genai *rt) {
  if (!rt) return;
  rt->opening = rt->closing = true;                              /* no collections from now on, and no new tensors: nothing would free them */
  if (rt->L) lua_close(rt->L);
  alloc_close(rt);
  remove_tmpdir(rt);
  gn_close(rt->g);
  free(rt->error);
  free(rt->root);
  free(rt);
}

const char *genai_error(const genai *rt) { return rt->error ? rt->error : rt->lost ? "out of memory, also for the error's text" : ""; }
void *genai_lua(genai *rt) { return rt->L; }
gn *genai_engine(genai *rt) { return rt->g; }

/* ---- running ---- */
typedef struct chunk { const char *file, *name, *source; int nargs; const char *const *args; } chunk;

static int do_load(lua_State *L) {
  const chunk *c = lua_touserdata(L, 1);
  char name[128];
  snprintf(name, sizeof name, "=%s", c->name ? c->name : "eval");
  int status = c->source ? luaL_loadbufferx(L, c->source, strlen(c->source), name, "t") : luaL_loadfilex(L, c->file, "t");
  if (status != LUA_OK) return lua_error(L);
  luaL_checkstack(L, c->nargs, "too many arguments");
  for (int i = 0; i < c->nargs; i++) lua_pushstring(L, c->args[i]);
  return 1 + c->nargs;
}

static genai_status run_chunk(genai *rt, chunk *c) {
  lua_State *L = rt->L;
  int base = lua_gettop(L) + 1;
  rt->now = L;
  if (!lua_checkstack(L, 8 + c->nargs)) return set_error(rt, "the stack is full"), GENAI_ERROR;
  lua_pushcfunction(L, traceback);
  lua_pushcfunction(L, do_load);
  lua_pushlightuserdata(L, c);
  int status = lua_pcall(L, 1, LUA_MULTRET, 0);
  if (status == LUA_OK) status = lua_pcall(L, c->nargs, 0, base);
  if (status != LUA_OK) return status_of(rt, status);
  lua_settop(L, base - 1);
  return GENAI_OK;
}

genai_status genai_run_args(genai *rt, const char *file, int nargs, const char *const *args) {
  return run_chunk(rt, &(chunk){ .file = file, .nargs = nargs, .args = args });
}

genai_status genai_run(genai *rt, const char *file) { return genai_run_args(rt, file, 0, NULL); }

genai_status genai_eval(genai *rt, const char *name, const char *source) { return run_chunk(rt, &(chunk){ .name = name, .source = source }); }

/* ---- values ---- */
typedef struct transfer { genai *rt; const char *name; int n; const genai_value *arg; genai_value *out; const genai_value *set; genai_fn *fn; void *user; const char *doc; } transfer;

/* The value on the top becomes its field of that name; nil where it has no fields. */
static void step(lua_State *L, const char *name, size_t size) {
  bool fields = lua_istable(L, -1);
  if (!fields && luaL_getmetafield(L, -1, "__index") != LUA_TNIL) fields = true, lua_pop(L, 1);
  if (fields) lua_pushlstring(L, name, size), lua_gettable(L, -2);
  else lua_pushnil(L);
  lua_remove(L, -2);
}

/* Pushes the global "a.b.c", nil where a part is missing; or what holds it, and its last name. */
static void push_global(lua_State *L, const char *name, bool parent) {
  lua_pushglobaltable(L);
  for (const char *dot; (dot = strchr(name, '.')); name = dot + 1) step(L, name, (size_t)(dot - name));
  if (parent) lua_pushstring(L, name);
  else step(L, name, strlen(name));
}

static int do_call(lua_State *L) {
  transfer *t = lua_touserdata(L, 1);
  push_global(L, t->name, false);
  if (lua_isnil(L, -1)) return luaL_error(L, "call: there is no function \"%s\"", t->name);
  luaL_checkstack(L, t->n + 2, "call");
  for (int i = 0; i < t->n; i++) push_value(L, &t->arg[i]);
  lua_call(L, t->n, 1);
  if (t->out) take_value(L, -1, t->out);
  return 0;
}

static int do_get(lua_State *L) {
  transfer *t = lua_touserdata(L, 1);
  push_global(L, t->name, false);
  take_value(L, -1, t->out);
  return 0;
}

static int do_set(lua_State *L) {
  transfer *t = lua_touserdata(L, 1);
  push_global(L, t->name, true);
  if (lua_type(L, -2) != LUA_TTABLE) return luaL_error(L, "set: \"%s\" has no table to go into", t->name);
  push_value(L, t->set);
  lua_settable(L, -3);
  return 0;
}

static int do_register(lua_State *L) {
  transfer *t = lua_touserdata(L, 1);
  push_global(L, t->name, true);
  if (lua_type(L, -2) != LUA_TTABLE) return luaL_error(L, "register: \"%s\" has no table to go into", t->name);
  push_host_function(L, t->name, t->fn, t->user, t->doc);
  lua_settable(L, -3);
  return 0;
}

static genai_status protect(genai *rt, lua_CFunction f, transfer *t) {
  lua_State *L = rt->L;
  int base = lua_gettop(L);
  rt->now = L;
  if (!lua_checkstack(L, 8)) return set_error(rt, "the stack is full"), GENAI_ERROR;
  lua_pushcfunction(L, traceback);
  lua_pushcfunction(L, f);
  lua_pushlightuserdata(L, t);
  int status = lua_pcall(L, 1, 0, base + 1);
  if (status != LUA_OK) return status_of(rt, status);
  lua_settop(L, base);
  return GENAI_OK;
}

genai_status genai_call(genai *rt, const char *fn, int n, const genai_value *arg, genai_value *out) {
  if (out) memset(out, 0, sizeof *out);
  return protect(rt, do_call, &(transfer){ .rt = rt, .name = fn, .n = n, .arg = arg, .out = out });
}

genai_status genai_get(genai *rt, const char *name, genai_value *out) {
  memset(out, 0, sizeof *out);
  return protect(rt, do_get, &(transfer){ .rt = rt, .name = name, .out = out });
}

genai_status genai_set(genai *rt, const char *name, const genai_value *value) { return protect(rt, do_set, &(transfer){ .rt = rt, .name = name, .set = value }); }

genai_status genai_register(genai *rt, const char *name, genai_fn *fn, void *user, const char *doc) {
  return protect(rt, do_register, &(transfer){ .rt = rt, .name = name, .fn = fn, .user = user, .doc = doc });
}

void genai_release(genai *rt, genai_value *value) {
  if (value->pin) luaL_unref(rt->L, LUA_REGISTRYINDEX, (int)(intptr_t)value->pin);
  memset(value, 0, sizeof *value);
}

/* ---- settings ---- */
void genai_seed(genai *rt, uint64_t seed) {
  rt->seed = seed;
  *gn_default_rng(rt->g) = gn_rng_make(seed, "default");
}

void genai_limit(genai *rt, size_t bytes) { gn_set_limit(rt->g, bytes); }
size_t genai_memory(const genai *rt, size_t *peak) { return gn_live(rt->g, peak); }

/* Globals become what they were at the start. */
static int do_clear(lua_State *L) {
  lua_pushglobaltable(L);
  int globals = lua_gettop(L), first = globals + 1;
  lua_getfield(L, LUA_REGISTRYINDEX, "genai.globals");
  lua_pushnil(L);
  while (lua_next(L, globals)) {
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, first) == LUA_TNIL) lua_pushvalue(L, -2), lua_pushnil(L), lua_rawset(L, globals);
    lua_pop(L, 1);
  }
  lua_pushnil(L);
  while (lua_next(L, first)) lua_pushvalue(L, -2), lua_insert(L, -2), lua_rawset(L, globals);
  return 0;
}

void genai_clear(genai *rt) {
  protect(rt, do_clear, NULL);
  lua_gc(rt->L, LUA_GCCOLLECT);
}
