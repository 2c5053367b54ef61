/* lua_safe.c: what genai replaces in Lua's libraries so that a seed decides everything: mathematics without libm, pairs in a fixed order,
 * math.random on our streams, text-only load, print through the host's log. */
#include "system.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- mathematics ---- */
#define UNARY(name, f) static int m_##name(lua_State *L) { lua_pushnumber(L, f(luaL_checknumber(L, 1))); return 1; }
UNARY(sin, gn_sin)
UNARY(cos, gn_cos)
UNARY(tan, gn_tan)
UNARY(asin, gn_asin)
UNARY(acos, gn_acos)
UNARY(exp, gn_exp)
#undef UNARY

static int m_atan(lua_State *L) {
  double y = luaL_checknumber(L, 1), x = luaL_optnumber(L, 2, 1);
  lua_pushnumber(L, gn_atan2(y, x));
  return 1;
}

static int m_log(lua_State *L) {
  double x = luaL_checknumber(L, 1);
  if (lua_isnoneornil(L, 2)) lua_pushnumber(L, gn_log(x));
  else {
    double base = luaL_checknumber(L, 2);
    lua_pushnumber(L, base == 2 ? gn_log2(x) : base == 10 ? gn_log10(x) : gn_log(x) / gn_log(base));
  }
  return 1;
}

static int m_pow(lua_State *L) {
  lua_pushnumber(L, gn_pow(luaL_checknumber(L, 1), luaL_checknumber(L, 2)));
  return 1;
}

/* math.random(), (m), (m, n), (0) as Lua's, on the runtime's default stream. */
static int m_random(lua_State *L) {
  gn_rng *r = gn_default_rng(rt_of(L)->g);
  lua_Integer low = 1, high;
  switch (lua_gettop(L)) {
    case 0: lua_pushnumber(L, gn_rng_uniform(r)); return 1;
    case 1: high = luaL_checkinteger(L, 1); break;
    default: low = luaL_checkinteger(L, 1), high = luaL_checkinteger(L, 2);
  }
  uint64_t a = gn_rng_bits(r), b = gn_rng_bits(r), bits = a << 32 | b;
  if (lua_gettop(L) == 1 && high == 0) return lua_pushinteger(L, (lua_Integer)bits), 1;
  luaL_argcheck(L, low <= high, lua_gettop(L), "interval is empty");
  uint64_t span = (uint64_t)high - (uint64_t)low + 1;
  lua_pushinteger(L, (lua_Integer)((uint64_t)low + (span ? (uint64_t)(((unsigned __int128)bits * span) >> 64) : bits)));
  return 1;
}

static int m_randomseed(lua_State *L) {
  lua_Integer seed = lua_isnone(L, 1) ? 0 : lua_isinteger(L, 1) ? lua_tointeger(L, 1) : (lua_Integer)luaL_checknumber(L, 1);
  *gn_default_rng(rt_of(L)->g) = gn_rng_make((uint64_t)seed, "default");
  return 0;
}

static const luaL_Reg mathematics[] = {
  { "sin", m_sin }, { "cos", m_cos }, { "tan", m_tan }, { "asin", m_asin }, { "acos", m_acos }, { "atan", m_atan }, { "exp", m_exp }, { "log", m_log },
  { "random", m_random }, { "randomseed", m_randomseed }, { NULL, NULL },
};

/* ---- pairs: numbers upward, then strings by their bytes, then the rest as Lua gives it ---- */
static int rank(lua_State *L, int i) {
  int type = lua_type(L, i);
  return type == LUA_TNUMBER ? 0 : type == LUA_TSTRING ? 1 : type == LUA_TBOOLEAN ? 2 : 3;
}

typedef struct key { int rank; double number; lua_Integer integer; const char *text; size_t len; lua_Integer at; } key;

static int compare(const void *a, const void *b) {
  const key *x = a, *y = b;
  if (x->rank != y->rank) return x->rank - y->rank;
  if (x->rank == 0) {
    if (x->number != y->number) return x->number < y->number ? -1 : 1;
    return x->integer < y->integer ? -1 : x->integer > y->integer;
  }
  if (x->rank == 1) {
    size_t n = x->len < y->len ? x->len : y->len;
    int c = memcmp(x->text, y->text, n);
    return c ? c : x->len < y->len ? -1 : x->len > y->len;
  }
  return x->at < y->at ? -1 : x->at > y->at;
}

/* Upvalues: the sorted list of keys, the position. */
static int next_key(lua_State *L) {
  lua_Integer i = lua_tointeger(L, lua_upvalueindex(2));
  for (;;) {
    i++;
    if (lua_rawgeti(L, lua_upvalueindex(1), i) == LUA_TNIL) return 1;
    lua_pushvalue(L, -1);
    if (lua_rawget(L, 1) != LUA_TNIL) break;                     /* else it was removed during the walk */
    lua_pop(L, 2);
  }
  lua_pushinteger(L, i);
  lua_copy(L, -1, lua_upvalueindex(2));
  lua_pop(L, 1);
  return 2;
}

/* True when the table is a plain list: then Lua's own next is already in order. */
static bool is_list(lua_State *L, int t, lua_Integer *count) {
  lua_Integer n = (lua_Integer)lua_rawlen(L, t), at = 0;
  bool list = true;
  lua_pushnil(L);
  while (lua_next(L, t)) {
    lua_pop(L, 1);
    at++;
    list = list && lua_isinteger(L, -1) && lua_tointeger(L, -1) == at;
  }
  *count = at;
  return list && at == n;
}

static int sorted_pairs(lua_State *L) {
  luaL_checkany(L, 1);
  if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
    lua_pushvalue(L, 1);
    lua_call(L, 1, 3);
    return 3;
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_Integer n, at = 0;
  if (is_list(L, 1, &n)) {
    lua_getfield(L, LUA_REGISTRYINDEX, "genai.next");
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
  }
  key *keys = lua_newuserdatauv(L, (size_t)(n + 1) * sizeof *keys, 0);
  lua_createtable(L, (int)n, 0);                                 /* keeps the keys alive, in Lua's order */
  int raw = lua_gettop(L);
  lua_pushnil(L);
  while (at < n && lua_next(L, 1)) {
    lua_pop(L, 1);
    key *k = &keys[at];
    *k = (key){ .rank = rank(L, -1), .at = ++at };
    if (k->rank == 0) k->number = lua_tonumber(L, -1), k->integer = lua_tointeger(L, -1);
    else if (k->rank == 1) k->text = lua_tolstring(L, -1, &k->len);
    else if (k->rank == 2) k->at = lua_toboolean(L, -1);
    lua_pushvalue(L, -1);
    lua_rawseti(L, raw, at);
    if (k->rank == 2) k->number = (double)at;
  }
  qsort(keys, (size_t)at, sizeof *keys, compare);
  lua_settop(L, raw);
  lua_createtable(L, (int)at, 0);
  for (lua_Integer i = 0; i < at; i++) {
    lua_rawgeti(L, raw, keys[i].rank == 2 ? (lua_Integer)keys[i].number : keys[i].at);
    lua_rawseti(L, -2, i + 1);
  }
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, next_key, 2);
  lua_pushvalue(L, 1);
  lua_pushnil(L);
  return 3;
}

/* ---- load: text only, bytecode is not data ---- */
static int safe_load(lua_State *L) {
  lua_settop(L, 4);
  if (lua_type(L, 1) == LUA_TSTRING && lua_tostring(L, 1)[0] == LUA_SIGNATURE[0]) {
    lua_pushnil(L);
    lua_pushliteral(L, "load: the chunk is bytecode, wanted text");
    return 2;
  }
  lua_pushliteral(L, "t");
  lua_replace(L, 3);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  bool env = !lua_isnil(L, 5);
  if (!env) lua_settop(L, 4);
  lua_call(L, env ? 4 : 3, LUA_MULTRET);
  return lua_gettop(L);
}

/* ---- print ---- */
static int host_print(lua_State *L) {
  genai *rt = rt_of(L);
  luaL_Buffer b;
  int n = lua_gettop(L);
  luaL_buffinit(L, &b);
  for (int i = 1; i <= n; i++) {
    if (i > 1) luaL_addchar(&b, '\t');
    luaL_tolstring(L, i, NULL);
    luaL_addvalue(&b);
  }
  luaL_pushresult(&b);
  rt->options.log(rt->options.user, 0, lua_tostring(L, -1));
  return 0;
}

/* os.exit: the command's scripts may; a host's script must not end the host */
static int leave(lua_State *L) {
  genai *rt = rt_of(L);
  if (!rt->may_exit) return raisef(L, "os.exit: a script inside a program ends by returning");
  remove_tmpdir(rt);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, 0);
  return 0;
}

/* ---- a root: io and os lose what leaves it ---- */
static int root_open(lua_State *L) {
  check_path(L, 1);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

static void guard(lua_State *L, const char *table, const char *const *guarded, const char *const *removed) {
  lua_getglobal(L, table);
  for (; *guarded; guarded++) {
    lua_getfield(L, -1, *guarded);
    lua_pushcclosure(L, root_open, 1);
    lua_setfield(L, -2, *guarded);
  }
  for (; *removed; removed++) lua_pushnil(L), lua_setfield(L, -2, *removed);
  lua_pop(L, 1);
}

static void confine(lua_State *L) {
  static const char *const io_guarded[] = { "open", "lines", "input", "output", NULL }, *const io_removed[] = { "popen", "tmpfile", NULL };
  static const char *const os_guarded[] = { "remove", NULL }, *const os_removed[] = { "execute", "rename", "tmpname", "exit", "getenv", "setlocale", NULL };
  static const char *const package_guarded[] = { NULL }, *const package_removed[] = { "loadlib", "searchpath", "cpath", NULL };
  static const char *const none[] = { NULL }, *const global_removed[] = { "dofile", "loadfile", "debug", NULL };
  guard(L, "io", io_guarded, io_removed);
  guard(L, "os", os_guarded, os_removed);
  guard(L, "package", package_guarded, package_removed);
  guard(L, "_G", none, global_removed);
  lua_getglobal(L, "package");                                   /* searchers: preload and our own only */
  lua_getfield(L, -1, "searchers");
  for (int i = 5; i >= 3; i--) lua_pushnil(L), lua_rawseti(L, -2, i);
  lua_pop(L, 2);
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_pushnil(L);
  lua_setfield(L, -2, "debug");
  lua_pop(L, 1);
}

void open_safe(lua_State *L) {
  genai *rt = rt_of(L);
  lua_getglobal(L, "math");
  luaL_setfuncs(L, mathematics, 0);
  lua_pushcfunction(L, m_pow);
  lua_setfield(L, -2, "pow");
  lua_pop(L, 1);
  lua_getglobal(L, "next");
  lua_setfield(L, LUA_REGISTRYINDEX, "genai.next");
  lua_pushcfunction(L, sorted_pairs);
  lua_setglobal(L, "pairs");
  lua_getglobal(L, "load");
  lua_pushcclosure(L, safe_load, 1);
  lua_setglobal(L, "load");
  lua_getglobal(L, "os");
  lua_getfield(L, -1, "exit");
  lua_pushcclosure(L, leave, 1);
  lua_setfield(L, -2, "exit");
  lua_pop(L, 1);
  lua_getglobal(L, "string");
  lua_pushnil(L);
  lua_setfield(L, -2, "dump");
  lua_pop(L, 1);
  if (rt->options.log) lua_pushcfunction(L, host_print), lua_setglobal(L, "print");
  if (rt->root) confine(L);
  lua_newtable(L);                                               /* what genai_clear keeps */
  lua_pushglobaltable(L);
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    lua_rawset(L, -5);
  }
  lua_pop(L, 1);
  lua_setfield(L, LUA_REGISTRYINDEX, "genai.globals");
}
