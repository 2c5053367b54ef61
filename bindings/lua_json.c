/* lua_json.c: JSON (RFC 8259) over jansson: strict, depth-limited, duplicate keys refused; keys are written sorted. */
#include "bind.h"
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH 100

/* ---- Lua to JSON ---- */
static json_t *to_json(lua_State *L, int i, int depth);

static bool is_array(lua_State *L, int i) {
  lua_Integer n = (lua_Integer)lua_rawlen(L, i), count = 0;
  if (luaL_getmetafield(L, i, "__json") != LUA_TNIL) {            /* an empty list needs a mark */
    bool array = lua_type(L, -1) == LUA_TSTRING && lua_tostring(L, -1)[0] == 'a';
    lua_pop(L, 1);
    return array;
  }
  lua_pushnil(L);
  while (lua_next(L, i)) count++, lua_pop(L, 1);
  return n > 0 && count == n;
}

static json_t *array_of(lua_State *L, int i, int depth) {
  json_t *a = json_array();
  lua_Integer n = (lua_Integer)lua_rawlen(L, i);
  for (lua_Integer k = 1; a && k <= n; k++) {
    lua_rawgeti(L, i, k);
    json_t *v = to_json(L, lua_gettop(L), depth + 1);
    lua_pop(L, 1);
    if (!v || json_array_append_new(a, v)) { json_decref(a); return NULL; }
  }
  return a;
}

static json_t *object_of(lua_State *L, int i, int depth) {
  json_t *o = json_object();
  lua_pushnil(L);
  while (o && lua_next(L, i)) {
    if (lua_type(L, -2) != LUA_TSTRING) {
      lua_pop(L, 2);
      json_decref(o);
      gn_fail("json: a key is neither a string nor a position of a list");
      return NULL;
    }
    size_t n;
    const char *key = lua_tolstring(L, -2, &n);
    json_t *v = strlen(key) == n ? to_json(L, lua_gettop(L), depth + 1) : (gn_fail("json: a key holds a NUL byte"), NULL);
    if (!v || json_object_set_new(o, key, v)) {
      lua_pop(L, 2);
      json_decref(o);
      if (v) gn_fail("json: a key is not UTF-8");
      return NULL;
    }
    lua_pop(L, 1);
  }
  return o;
}

static json_t *to_json(lua_State *L, int i, int depth) {
  size_t n;
  if (depth > DEPTH || !lua_checkstack(L, 6)) return gn_fail("json: nested deeper than %d", DEPTH), NULL;
  switch (lua_type(L, i)) {
    case LUA_TNIL: return json_null();
    case LUA_TLIGHTUSERDATA: return json_null();                  /* json.null */
    case LUA_TBOOLEAN: return json_boolean(lua_toboolean(L, i));
    case LUA_TNUMBER:
      if (lua_isinteger(L, i)) return json_integer(lua_tointeger(L, i));
      if (!isfinite(lua_tonumber(L, i))) return gn_fail("json: a number is %g, wanted finite ones", lua_tonumber(L, i)), NULL;
      return json_real(lua_tonumber(L, i));
    case LUA_TSTRING: {
      const char *s = lua_tolstring(L, i, &n);
      json_t *v = json_stringn(s, n);
      return v ? v : (gn_fail("json: a string is not UTF-8"), NULL);
    }
    case LUA_TTABLE: return is_array(L, i) ? array_of(L, i, depth) : object_of(L, i, depth);
    default: return gn_fail("json: a value is a %s, wanted nil, booleans, numbers, strings and tables", luaL_typename(L, i)), NULL;
  }
}

/* What a call holds: freed also when Lua runs out of memory on the way. */
typedef struct holder { json_t *value; char *text; } holder;

static int drop(lua_State *L) {
  holder *h = lua_touserdata(L, 1);
  json_decref(h->value);
  free(h->text);
  *h = (holder){ 0 };
  return 0;
}

static holder *new_holder(lua_State *L) {
  holder *h = lua_newuserdatauv(L, sizeof *h, 0);
  *h = (holder){ 0 };
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, drop);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  return h;
}

/* json.encode(value, { indent = n }) -> text */
static int encode(lua_State *L) {
  int indent = 0;
  if (lua_type(L, 2) == LUA_TTABLE) lua_getfield(L, 2, "indent"), indent = (int)lua_tointeger(L, -1);
  lua_settop(L, 1);
  holder *h = new_holder(L);
  h->value = to_json(L, 1, 0);
  if (!h->value) return raise_error(L);
  h->text = json_dumps(h->value, JSON_SORT_KEYS | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17) | (indent > 0 ? JSON_INDENT((size_t)(indent < 8 ? indent : 8)) : JSON_COMPACT));
  if (!h->text) return raisef(L, "json: out of memory");
  lua_pushstring(L, h->text);
  json_decref(h->value);
  free(h->text);
  *h = (holder){ 0 };
  return 1;
}

/* ---- JSON to Lua ---- */
static void push_json(lua_State *L, const json_t *v);

static void push_object(lua_State *L, const json_t *v) {
  const char *key;
  json_t *item;
  lua_createtable(L, 0, (int)json_object_size(v));
  json_object_foreach((json_t *)v, key, item) {
    push_json(L, item);
    lua_setfield(L, -2, key);
  }
}

static void push_json(lua_State *L, const json_t *v) {
  luaL_checkstack(L, 4, "json");
  switch (json_typeof(v)) {
    case JSON_NULL: lua_pushlightuserdata(L, NULL); return;
    case JSON_TRUE: lua_pushboolean(L, 1); return;
    case JSON_FALSE: lua_pushboolean(L, 0); return;
    case JSON_INTEGER: lua_pushinteger(L, json_integer_value(v)); return;
    case JSON_REAL: lua_pushnumber(L, json_real_value(v)); return;
    case JSON_STRING: lua_pushlstring(L, json_string_value(v), json_string_length(v)); return;
    case JSON_ARRAY:
      lua_createtable(L, (int)json_array_size(v), 0);
      for (size_t i = 0; i < json_array_size(v); i++) push_json(L, json_array_get(v, i)), lua_rawseti(L, -2, (lua_Integer)i + 1);
      return;
    case JSON_OBJECT: push_object(L, v);
  }
}

/* json.decode(text) -> value; null becomes json.null */
static int decode(lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  json_error_t e;
  holder *h = new_holder(L);
  h->value = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &e);
  if (!h->value) return raisef(L, "json: byte %d (line %d): %s", e.position, e.line, e.text);
  push_json(L, h->value);
  json_decref(h->value);
  h->value = NULL;
  return 1;
}

static const luaL_Reg functions[] = { { "encode", encode }, { "decode", decode }, { NULL, NULL } };

/* core.json = { encode, decode, null } */
void open_json(lua_State *L) {
  json_object_seed(1);                                           /* else jansson asks the clock */
  lua_pushboolean(L, 1);
  lua_setfield(L, LUA_REGISTRYINDEX, "__json");                   /* keeps the name alive: asking for it then takes no memory, while half a value is held */
  luaL_newlib(L, functions);
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  lua_setfield(L, -2, "json");
}
