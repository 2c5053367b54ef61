/* lua_random.c: random streams as Lua objects. */
#include "bind.h"
#include <stdio.h>
#include <string.h>

static const char rng_magic[1] = { 0 };
typedef struct rng_box { gn_rng r; const void *magic; } rng_box;

gn_rng *to_rng(lua_State *L, int i) {
  rng_box *b = lua_touserdata(L, i);
  if (!b || lua_rawlen(L, i) != sizeof *b || lua_islightuserdata(L, i) || b->magic != rng_magic) return NULL;
  return &b->r;
}

static gn_rng *check(lua_State *L) {
  gn_rng *r = to_rng(L, 1);
  if (!r) raisef(L, "rng: self is a %s, wanted a random stream (call its functions with a colon)", luaL_typename(L, 1));
  return r;
}

static gn_rng *push(lua_State *L) {
  rng_box *b = lua_newuserdatauv(L, sizeof *b, 0);
  b->magic = rng_magic;
  lua_rawgetp(L, LUA_REGISTRYINDEX, rng_magic);
  lua_setmetatable(L, -2);
  return &b->r;
}

/* rng(seed, "name"): adding a draw to one stream never shifts another. */
static int make(lua_State *L) {
  if (lua_type(L, 1) != LUA_TNUMBER || !lua_isinteger(L, 1)) return raisef(L, "rng: seed is %s, wanted a whole number", lua_type(L, 1) == LUA_TNUMBER ? "a fraction" : luaL_typename(L, 1));
  if (!lua_isnoneornil(L, 2) && lua_type(L, 2) != LUA_TSTRING) return raisef(L, "rng: name is a %s, wanted a string", luaL_typename(L, 2));
  const char *name = luaL_optstring(L, 2, "");
  uint64_t seed = (uint64_t)lua_tointeger(L, 1);
  gn_rng *r = push(L);
  *r = gn_rng_make(seed, name);
  return 1;
}

static int uniform(lua_State *L) {
  gn_rng *r = check(L);
  double low = luaL_optnumber(L, 2, 0), high = luaL_optnumber(L, 3, 1), u = gn_rng_uniform(r);
  lua_pushnumber(L, low + u * (high - low));
  return 1;
}

static int normal(lua_State *L) {
  gn_rng *r = check(L);
  double mean = luaL_optnumber(L, 2, 0), deviation = luaL_optnumber(L, 3, 1), x = gn_rng_normal(r);
  lua_pushnumber(L, mean + x * deviation);
  return 1;
}

/* Unbiased 0..n-1: two draws of 32 bits, the top of a 128-bit product. */
static uint64_t below(gn_rng *r, uint64_t n) {
  uint64_t high = gn_rng_bits(r), low = gn_rng_bits(r);
  return (uint64_t)(((unsigned __int128)(high << 32 | low) * n) >> 64);
}

static int integer(lua_State *L) {
  gn_rng *r = check(L);
  lua_Integer low = luaL_checkinteger(L, 2), high = luaL_checkinteger(L, 3);
  if (high < low) return raisef(L, "integer: bounds are %d..%d, wanted low <= high", (int)low, (int)high);
  uint64_t span = (uint64_t)high - (uint64_t)low + 1;
  lua_pushinteger(L, (lua_Integer)((uint64_t)low + (span ? below(r, span) : ((uint64_t)gn_rng_bits(r) << 32))));
  return 1;
}

static lua_Integer weighted(lua_State *L, gn_rng *r, lua_Integer n) {
  double sum = 0, at = gn_rng_uniform(r);
  for (lua_Integer i = 1; i <= n; i++) {
    lua_rawgeti(L, 3, i);
    double w = lua_tonumber(L, -1);
    if (!(w >= 0)) raisef(L, "choose: weight %d is bad, wanted a number of 0 or more", (int)i);
    sum += w;
    lua_pop(L, 1);
  }
  if (!(sum > 0)) raisef(L, "choose: the weights sum to %g, wanted more than 0", sum);
  at *= sum;
  for (lua_Integer i = 1; i <= n; i++) {
    lua_rawgeti(L, 3, i);
    at -= lua_tonumber(L, -1);
    lua_pop(L, 1);
    if (at < 0) return i;
  }
  return n;
}

/* r:choose(list [, weights]) -> an element and its position */
static int choose(lua_State *L) {
  gn_rng *r = check(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_Integer n = luaL_len(L, 2);
  if (n < 1) return raisef(L, "choose: the list is empty");
  lua_Integer i = lua_type(L, 3) == LUA_TTABLE ? weighted(L, r, n) : (lua_Integer)below(r, (uint64_t)n) + 1;
  lua_geti(L, 2, i);
  lua_pushinteger(L, i);
  return 2;
}

/* r:shuffle(list) -> a new list in random order (Fisher and Yates) */
static int shuffle(lua_State *L) {
  gn_rng *r = check(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_Integer n = luaL_len(L, 2);
  lua_createtable(L, (int)(n < 1 << 20 ? n : 1 << 20), 0);
  for (lua_Integer i = 1; i <= n; i++) lua_geti(L, 2, i), lua_rawseti(L, -2, i);
  for (lua_Integer i = n; i > 1; i--) {
    lua_Integer j = (lua_Integer)below(r, (uint64_t)i) + 1;
    lua_rawgeti(L, -1, i);
    lua_rawgeti(L, -2, j);
    lua_rawseti(L, -3, i);
    lua_rawseti(L, -2, j);
  }
  return 1;
}

static int clone(lua_State *L) {
  gn_rng *r = check(L);
  gn_rng *copy = push(L);
  *copy = *r;
  return 1;
}

/* r:state() -> text; r:state(text) puts it back. */
static int state(lua_State *L) {
  gn_rng *r = check(L);
  if (!lua_isnone(L, 2)) {
    size_t n;
    const char *text = luaL_checklstring(L, 2, &n);
    unsigned long long key, next;
    if (sscanf(text, "%llx:%llx", &key, &next) != 2) return raisef(L, "state: text is \"%.40s\", wanted what state() gave", text);
    r->key = key, r->next = next;
  }
  char text[48];
  snprintf(text, sizeof text, "%llx:%llx", (unsigned long long)r->key, (unsigned long long)r->next);
  lua_pushstring(L, text);
  return 1;
}

/* core.default_rng(state or nil) -> state of the runtime's own stream */
static int default_rng(lua_State *L) {
  gn_rng *own = gn_default_rng(rt_of(L)->g);
  gn_rng *r = push(L);
  *r = *own;
  lua_insert(L, 1);
  state(L);
  *own = *r;
  return 1;
}

static const luaL_Reg methods[] = {
  { "uniform", uniform }, { "normal", normal }, { "integer", integer }, { "choose", choose }, { "shuffle", shuffle }, { "clone", clone }, { "state", state },
  { NULL, NULL },
};
static const luaL_Reg functions[] = { { "rng", make }, { "default_rng", default_rng }, { NULL, NULL } };

void open_random(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  lua_newtable(L);
  lua_newtable(L);
  luaL_setfuncs(L, methods, 0);
  lua_setfield(L, -2, "__index");
  lua_pushliteral(L, "rng");
  lua_setfield(L, -2, "__name");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_rawsetp(L, LUA_REGISTRYINDEX, rng_magic);
}
