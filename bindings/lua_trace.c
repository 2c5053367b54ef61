/* lua_trace.c: tells a Lua function of every op that Lua calls: how nets are written as ONNX files. */
#include "bind.h"
#include "core.h"
#include <stdint.h>

static const char observer[1] = { 0 };                /* the function's key in the registry */

static void push_handle(lua_State *L, gn_tensor *t) {
  tensor_box *b = new_box(L);
  b->t = gn_ref(t);
}

/* Leaves the argument on the stack; nil where there is none to see. */
static void push_arg(lua_State *L, const gn_param *p, const gn_arg *a) {
  switch (a->kind) {
    case GN_A_TENSOR: push_handle(L, a->t); return;
    case GN_A_NUMBER:
      if (a->n == 2 || (p->kind != GN_P_NUM && p->kind != GN_P_TENSOR && p->kind != GN_P_ANY)) lua_pushinteger(L, (lua_Integer)a->num);
      else lua_pushnumber(L, a->num);
      return;
    case GN_A_BOOL: lua_pushboolean(L, a->num != 0); return;
    case GN_A_TEXT: lua_pushstring(L, a->text); return;
    case GN_A_RNG: lua_pushboolean(L, 1); return;
    case GN_A_INTS:
      lua_createtable(L, a->n, 0);
      for (int i = 0; i < a->n; i++) lua_pushinteger(L, a->ints[i]), lua_rawseti(L, -2, i + 1);
      return;
    case GN_A_LIST:
      lua_createtable(L, a->n, 0);
      for (int i = 0; i < a->n; i++) push_handle(L, a->list[i]), lua_rawseti(L, -2, i + 1);
      return;
    default: lua_pushnil(L);
  }
}

static bool draws(const gn_row *row) {
  for (int i = 0; i < row->nparams; i++)
    if (row->param[i].kind == GN_P_RNG) return true;
  return false;
}

/* Calls observer(op, arguments by name, results, "place" | "random" | nil): the op writes in place, the op may draw random numbers. Off while it runs. */
void trace_op(lua_State *L, gn_op op, const gn_arg *args, int n, gn_tensor *const *out) {
  genai *rt = rt_of(L);
  const gn_row *row = gn_row_of(rt->g, op);
  luaL_checkstack(L, 8, "trace");
  rt->traced = false;
  lua_rawgetp(L, LUA_REGISTRYINDEX, observer);
  lua_pushstring(L, row->name);
  lua_createtable(L, 0, n);
  for (int i = 0; i < n; i++) {
    lua_pushlstring(L, row->param[i].name, (size_t)row->param[i].name_len);
    push_arg(L, &row->param[i], &args[i]);
    lua_rawset(L, -3);
  }
  lua_createtable(L, row->nouts, 0);
  for (int k = 0; k < row->nouts; k++)
    if (out[k]) push_handle(L, out[k]), lua_rawseti(L, -2, k + 1);
  if (row->flags & INPLACE) lua_pushliteral(L, "place");
  else if (draws(row)) lua_pushliteral(L, "random");
  else lua_pushnil(L);
  lua_call(L, 4, 0);
  rt->traced = true;
}

/* core.trace(f or nil): from now on f(op, arguments, results, kind) is told of ops, until it raises an error. */
static int trace(lua_State *L) {
  rt_of(L)->traced = lua_type(L, 1) == LUA_TFUNCTION;
  lua_settop(L, 1);
  if (!rt_of(L)->traced) lua_pushnil(L), lua_replace(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, observer);
  return 0;
}

/* core.identity(x) -> a number that tells live tensors apart */
static int identity(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)(uintptr_t)check_tensor(L, 1, "identity", "x"));
  return 1;
}

static const luaL_Reg functions[] = { { "trace", trace }, { "identity", identity }, { NULL, NULL } };
void open_trace(lua_State *L) { luaL_setfuncs(L, functions, 0); }
