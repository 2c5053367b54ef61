/* lua_tape.c: gradients for scripts: grad, backward, recording, checkpoints. */
#include "bind.h"
#include "core.h"
#include "segment.h"
#include <stdio.h>
#include <stdlib.h>

static bool flag(lua_State *L, int i, const char *name) {
  if (lua_type(L, i) != LUA_TTABLE) return false;
  lua_getfield(L, i, name);
  bool on = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return on;
}

static gn_tensor *seed_of(lua_State *L, int i) {
  gn_tensor *t = NULL;
  if (lua_type(L, i) == LUA_TTABLE && lua_getfield(L, i, "seed") != LUA_TNIL) t = check_tensor(L, -1, "grad", "seed");
  return t;                                                      /* stays on the stack */
}

/* core.grad(y, x or {xs}, options) -> one gradient per x */
static int grad(lua_State *L) {
  genai *rt = rt_of(L);
  rt->now = L;
  lua_settop(L, 3);
  gn_tensor *y = check_tensor(L, 1, "grad", "y"), *seed = seed_of(L, 3);
  bool list = lua_type(L, 2) == LUA_TTABLE;
  int n = list ? (int)lua_rawlen(L, 2) : 1;
  luaL_checkstack(L, n + 4, "grad");
  gn_tensor **x = lua_newuserdatauv(L, (size_t)(2 * n + 1) * sizeof *x, 0), **result = x + n;
  for (int i = 0; i < n; i++) {
    if (list) lua_rawgeti(L, 2, i + 1);
    else lua_pushvalue(L, 2);
    x[i] = check_tensor(L, -1, "grad", "x");
    lua_pop(L, 1);
  }
  int base = lua_gettop(L);
  for (int i = 0; i < n; i++) new_box(L);
  if (!gn_grad(rt->g, y, seed, x, n, flag(L, 3, "create_graph"), flag(L, 3, "keep_graph"), flag(L, 3, "allow_unused"), result)) return raise_error(L);
  for (int i = 0; i < n; i++) {
    tensor_box *b = lua_touserdata(L, base + 1 + i);
    if (result[i]) b->t = result[i];
    else lua_pushnil(L), lua_replace(L, base + 1 + i);
  }
  return n;
}

static int backward(lua_State *L) {
  genai *rt = rt_of(L);
  rt->now = L;
  lua_settop(L, 2);
  gn_tensor *y = check_tensor(L, 1, "backward", "y"), *seed = seed_of(L, 2);
  if (!gn_backward(rt->g, y, seed, flag(L, 2, "create_graph"), flag(L, 2, "keep_graph"))) return raise_error(L);
  return 0;
}

static int recording(lua_State *L) {
  gn *g = rt_of(L)->g;
  lua_pushboolean(L, lua_isnone(L, 1) ? gn_recording(g) : gn_set_recording(g, lua_toboolean(L, 1)));
  return 1;
}

static int requires_grad(lua_State *L) {
  if (!gn_require_grad(check_tensor(L, 1, "requires_grad_", "x"), lua_isnone(L, 2) || lua_toboolean(L, 2))) return raise_error(L);
  lua_settop(L, 1);
  return 1;
}

static int zero_grad(lua_State *L) {
  gn_tensor *t = check_tensor(L, 1, "zero_grad_", "x"), *old = t->grad;
  t->grad = NULL;
  gn_unref(old);
  lua_settop(L, 1);
  return 1;
}

static int detach(lua_State *L) {
  tensor_box *b = new_box(L);
  if (!(b->t = gn_detach(check_tensor(L, 1, "detach", "x")))) return raise_error(L);
  return 1;
}

/* ---- checkpoint(f, ...): f's results, recorded without the values between ---- */
typedef struct again { genai *rt; int ref; } again;              /* ref: a table { f, arguments .. } in the registry */

static int call_again(lua_State *L) {                            /* stack: the table */
  int n = (int)lua_rawlen(L, 1);
  luaL_checkstack(L, n + 2, "checkpoint");
  for (int i = 1; i <= n; i++) lua_rawgeti(L, 1, i);
  lua_call(L, n - 1, 0);
  return 0;
}

static bool run_again(void *user) {
  again *a = user;
  lua_State *L = a->rt->now;
  if (!lua_checkstack(L, 4)) return gn_fail("checkpoint: the stack is full");
  lua_pushcfunction(L, call_again);
  lua_rawgeti(L, LUA_REGISTRYINDEX, a->ref);
  bool fine = lua_pcall(L, 1, 0, 0) == LUA_OK;
  if (!fine) {
    const char *text = lua_tostring(L, -1);
    gn_fail("checkpoint: %.500s", text ? text : "the function failed when it was run again");
    lua_pop(L, 1);
  }
  return fine;
}

static void forget(void *user) {
  again *a = user;
  luaL_unref(a->rt->L, LUA_REGISTRYINDEX, a->ref);
  free(a);
}

static int checkpoint(lua_State *L) {
  genai *rt = rt_of(L);
  rt->now = L;
  luaL_checktype(L, 1, LUA_TFUNCTION);
  int n = lua_gettop(L);
  if (!gn_recording(rt->g)) {
    lua_call(L, n - 1, LUA_MULTRET);
    return lua_gettop(L);
  }
  lua_createtable(L, n, 0);
  for (int i = 1; i <= n; i++) lua_pushvalue(L, i), lua_rawseti(L, -2, i);
  int ref = luaL_ref(L, LUA_REGISTRYINDEX);
  again *a = malloc(sizeof *a);
  if (!a) return luaL_unref(L, LUA_REGISTRYINDEX, ref), raisef(L, "checkpoint: out of memory");
  *a = (again){ rt, ref };
  gn_segment *s = gn_segment_begin(rt->g, run_again, a, forget);
  if (!s) return forget(a), raise_error(L);
  int status = lua_pcall(L, n - 1, LUA_MULTRET, 0);
  gn_segment_end(rt->g, s);
  if (status != LUA_OK) return lua_error(L);
  return lua_gettop(L);
}

static const luaL_Reg functions[] = { { "grad", grad }, { "recording", recording }, { "checkpoint", checkpoint }, { NULL, NULL } };
static const luaL_Reg methods[] = {
  { "backward", backward }, { "requires_grad_", requires_grad }, { "zero_grad_", zero_grad }, { "detach", detach }, { NULL, NULL },
};

void open_tape(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  lua_getfield(L, -1, "methods");
  luaL_setfuncs(L, methods, 0);
  lua_pop(L, 1);
}
