/* lua_onnx.c: ONNX files as Lua tables: messages are tables, repeated fields lists, tensors { name =, type =, tensor = }. */
#include "bind.h"
#include "core.h"
#include "io/io.h"
#include <string.h>

static int drop(lua_State *L) {
  gn_onnx_close(lua_touserdata(L, 1));
  return 0;
}

static gn_onnx *new_file(lua_State *L) {
  rt_of(L)->now = L;
  gn_onnx *o = lua_newuserdatauv(L, sizeof *o, 0);
  memset(o, 0, sizeof *o);
  lua_createtable(L, 0, 2);
  lua_pushcfunction(L, drop), lua_setfield(L, -2, "__gc");
  lua_pushboolean(L, 0), lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
  return o;
}

/* Puts the value on the top into the table below it: as a field, or at the end of the field's list. */
static void store(lua_State *L, const char *field, bool list) {
  if (!list) {
    lua_setfield(L, -2, field);
    return;
  }
  if (lua_getfield(L, -2, field) == LUA_TNIL) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, -4, field);
  }
  lua_insert(L, -2);
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  lua_pop(L, 1);
}

static void on_open(void *L, const char *field, bool list) {
  luaL_checkstack(L, 6, "onnx");
  lua_newtable(L);
}
static void on_close(void *L, const char *field, bool list) { store(L, field, list); }
static void on_integer(void *L, const char *field, bool list, int64_t value) { lua_pushinteger(L, value), store(L, field, list); }
static void on_real(void *L, const char *field, bool list, double value) { lua_pushnumber(L, value), store(L, field, list); }
static void on_text(void *L, const char *field, bool list, const char *text, size_t n) { lua_pushlstring(L, text, n), store(L, field, list); }

static void strings(lua_State *L, gn_onnx_tensor *t) {
  const char *text;
  size_t n;
  lua_newtable(L);
  lua_pushliteral(L, "string"), lua_setfield(L, -2, "dtype");
  lua_createtable(L, t->ndim, 0);
  for (int i = 0; i < t->ndim; i++) lua_pushinteger(L, t->dim[i]), lua_rawseti(L, -2, i + 1);
  lua_setfield(L, -2, "shape");
  for (lua_Integer i = 1; gn_onnx_text(t, &text, &n); i++) lua_pushlstring(L, text, n), lua_rawseti(L, -2, i);
}

static void on_tensor(void *user, const char *field, bool list, gn_onnx_tensor *t) {
  lua_State *L = user;
  luaL_checkstack(L, 8, "onnx");
  if (t->t) push_tensor(L, t->t);
  else strings(L, t);
  lua_createtable(L, 0, 3);
  lua_insert(L, -2);
  lua_setfield(L, -2, "tensor");
  lua_pushlstring(L, t->name, t->name_len), lua_setfield(L, -2, "name");
  lua_pushstring(L, t->type), lua_setfield(L, -2, "type");
  store(L, field, list);
}

/* core.onnx_read(path, message = "ModelProto") -> the message as a table */
static int onnx_read(lua_State *L) {
  const char *path = check_path(L, 1), *message = luaL_optstring(L, 2, "ModelProto");
  gn_onnx *o = new_file(L);
  const gn_onnx_visitor visit = { L, on_open, on_close, on_integer, on_real, on_text, on_tensor };
  if (!gn_onnx_open(rt_of(L)->g, path, o)) return raise_error(L);
  lua_newtable(L);
  if (!gn_onnx_walk(o, message, &visit)) return raise_error(L);
  lua_pushinteger(L, (lua_Integer)o->map->size);
  gn_onnx_close(o);
  return 2;
}

/* core.onnx_check(path) -> bytes of the file, and of the data that lie beside it: an error where the file breaks a rule of the format */
static int onnx_check(lua_State *L) {
  const char *path = check_path(L, 1);
  gn_onnx *o = new_file(L);
  if (!gn_onnx_open(rt_of(L)->g, path, o) || !gn_onnx_walk(o, "ModelProto", NULL)) return raise_error(L);
  lua_pushinteger(L, (lua_Integer)o->map->size);
  lua_pushinteger(L, (lua_Integer)o->external);
  gn_onnx_close(o);
  return 2;
}

/* core.onnx_type(number) -> "float" .. or nil */
static int onnx_type(lua_State *L) {
  lua_pushstring(L, gn_onnx_type(luaL_checkinteger(L, 1)));
  return 1;
}

/* core.release(x): gives a tensor's memory back now; x must not be used again. */
static int release(lua_State *L) {
  if (!to_tensor(L, 1)) return 0;
  tensor_box *b = lua_touserdata(L, 1);
  gn_tensor *t = b->t;
  b->t = NULL;
  gn_unref(t);
  return 0;
}

/* core.alias(x) -> another handle of the same tensor */
static int alias(lua_State *L) {
  push_tensor(L, gn_ref(check_tensor(L, 1, "alias", "x")));
  return 1;
}

/* core.sole(x, y) -> true where x may be written over by a result of x and y: its memory is nobody else's, and y broadcasts to it. */
static int sole(lua_State *L) {
  const gn_tensor *x = to_tensor(L, 1), *y = to_tensor(L, 2);
  bool fine = x && y && x != y && x->dtype == y->dtype && x->refs == 1 && x->store->refs == 1 && !x->store->release && !x->weak && gn_packed(x) && y->ndim <= x->ndim;
  for (int i = 1; fine && i <= y->ndim; i++) fine = y->dim[y->ndim - i] == 1 || y->dim[y->ndim - i] == x->dim[x->ndim - i];
  lua_pushboolean(L, fine);
  return 1;
}

static const luaL_Reg functions[] = { { "sole", sole }, { "onnx_read", onnx_read }, { "onnx_check", onnx_check }, { "onnx_type", onnx_type }, { "release", release }, { "alias", alias }, { NULL, NULL } };
void open_onnx(lua_State *L) { luaL_setfuncs(L, functions, 0); }
