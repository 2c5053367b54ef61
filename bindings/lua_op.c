/* lua_op.c: every op of ops.def as a function and a method, from its row. */
#include "bind.h"
#include "core.h"
#include <math.h>
#include <string.h>

static const char *arg_name(lua_State *L, int i, char *buffer, size_t size) {
  if (lua_type(L, i) == LUA_TSTRING) {
    snprintf(buffer, size, "a string \"%.40s\"", lua_tostring(L, i));
    return buffer;
  }
  return kind_name(L, i);
}

static int wrong(lua_State *L, const gn_row *row, const gn_param *p, int i, const char *wanted) {
  char text[80];
  return raisef(L, "%s: %.*s is %s, wanted %s", row->name, p->name_len, p->name, arg_name(L, i, text, sizeof text), wanted);
}

static void number_arg(lua_State *L, int i, gn_arg *a) {
  a->kind = GN_A_NUMBER;
  a->n = lua_isinteger(L, i) ? 2 : 1;                            /* 2: a whole number, for type promotion */
  a->num = lua_tonumber(L, i);
}

static int64_t whole(lua_State *L, const gn_row *row, const gn_param *p, int i) {
  double x = lua_tonumber(L, i);
  if (lua_type(L, i) != LUA_TNUMBER) wrong(L, row, p, i, "whole numbers");
  if (x != floor(x) || fabs(x) > 0x1p53) raisef(L, "%s: %.*s holds %.14g, wanted whole numbers", row->name, p->name_len, p->name, x);
  return (int64_t)x;
}

static void ints_from_table(lua_State *L, const gn_row *row, const gn_param *p, int i, gn_arg *a) {
  int n = (int)lua_rawlen(L, i);
  if (n > GN_MAX_DIMS + 4) raisef(L, "%s: %.*s has %d numbers, wanted at most %d", row->name, p->name_len, p->name, n, GN_MAX_DIMS);
  a->kind = GN_A_INTS, a->n = n;
  for (int k = 0; k < n; k++) {
    lua_rawgeti(L, i, k + 1);
    a->ints[k] = whole(L, row, p, -1);
    lua_pop(L, 1);
  }
}

/* Tensors of a list stay anchored by the Lua table; the array lives in a userdata that is left on the stack. */
static void list_from_table(lua_State *L, const gn_row *row, const gn_param *p, int i, gn_arg *a) {
  lua_Integer n = (lua_Integer)lua_rawlen(L, i);
  if (n < 1) raisef(L, "%s: %.*s is an empty list, wanted one or more tensors", row->name, p->name_len, p->name);
  luaL_checkstack(L, 4, "too many arguments");
  gn_tensor **list = lua_newuserdatauv(L, (size_t)n * sizeof *list, 0);
  for (lua_Integer k = 0; k < n; k++) {
    lua_rawgeti(L, i, k + 1);
    if (!(list[k] = to_tensor(L, -1)))
      raisef(L, "%s: element %d of %.*s is a %s, wanted a tensor", row->name, (int)k + 1, p->name_len, p->name, luaL_typename(L, -1));
    lua_pop(L, 1);
  }
  a->kind = GN_A_LIST, a->n = (int)n, a->list = list;
}

static void table_arg(lua_State *L, const gn_row *row, const gn_param *p, int i, gn_arg *a) {
  if (p->kind == GN_P_LIST) list_from_table(L, row, p, i, a);
  else if (p->kind == GN_P_INTS || p->kind == GN_P_DIMS || p->kind == GN_P_ANY) ints_from_table(L, row, p, i, a);
  else wrong(L, row, p, i, p->kind == GN_P_TENSOR ? "a tensor" : "a number or a word");
}

static void take(lua_State *L, const gn_row *row, const gn_param *p, int i, gn_arg *a) {
  gn_tensor *x = p->kind == GN_P_TENSOR ? to_tensor(L, i) : NULL;
  if (x) {
    a->kind = GN_A_TENSOR, a->n = 1, a->t = x;
    return;
  }
  switch (lua_type(L, i)) {
    case LUA_TNIL: case LUA_TNONE: a->kind = GN_A_NIL; return;
    case LUA_TNUMBER: number_arg(L, i, a); return;
    case LUA_TBOOLEAN: a->kind = GN_A_BOOL, a->n = 1, a->num = lua_toboolean(L, i); return;
    case LUA_TSTRING:
      if (p->kind == GN_P_TENSOR || p->kind == GN_P_LIST) wrong(L, row, p, i, "a tensor");
      a->kind = GN_A_TEXT, a->n = 1, a->text = lua_tostring(L, i);
      return;
    case LUA_TTABLE: table_arg(L, row, p, i, a); return;
    default: {
      gn_tensor *t = to_tensor(L, i);
      if (t) {
        if (p->kind == GN_P_NUM && gn_numel(t) == 1) a->kind = GN_A_NUMBER, a->n = 1, a->num = gn_get(t, 0);
        else a->kind = GN_A_TENSOR, a->n = 1, a->t = t;
        return;
      }
      gn_rng *r = to_rng(L, i);
      if (!r) wrong(L, row, p, i, "a tensor, a number or a list");
      a->kind = GN_A_RNG, a->n = 1, a->rng = r;
    }
  }
}

static int find_param(const gn_row *row, const char *name) {
  for (int i = 0; i < row->nparams; i++)
    if ((int)strlen(name) == row->param[i].name_len && !memcmp(name, row->param[i].name, strlen(name))) return i;
  return -1;
}

static int unknown_option(lua_State *L, const gn_row *row, const char *name) {
  char known[GN_MAX_ARGS][24];
  const char *names[GN_MAX_ARGS];
  for (int i = 0; i < row->nparams; i++) snprintf(known[i], sizeof known[i], "%.*s", row->param[i].name_len, row->param[i].name), names[i] = known[i];
  const char *near = nearest(name, names, row->nparams);
  return raisef(L, "%s: unknown option \"%.40s\"%s%s%s", row->name, name, near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

/* Options may name any parameter. Keys are looked up one by one, so the order of the table does not matter. */
static void take_options(lua_State *L, const gn_row *row, int i, gn_arg *args, int *n) {
  lua_pushnil(L);
  while (lua_next(L, i)) {
    if (lua_type(L, -2) != LUA_TSTRING) raisef(L, "%s: an option's name is a %s, wanted a string", row->name, luaL_typename(L, -2));
    const char *name = lua_tostring(L, -2);
    int k = find_param(row, name);
    if (k < 0) unknown_option(L, row, name);
    while (*n <= k) args[(*n)++].kind = GN_A_NIL;
    if (row->param[k].kind == GN_P_LIST) raisef(L, "%s: %s goes before the options", row->name, name);
    take(L, row, &row->param[k], lua_gettop(L), &args[k]);
    lua_pop(L, 1);
  }
}

static bool is_options(lua_State *L, const gn_row *row, int top, int at) {
  if (lua_type(L, top) != LUA_TTABLE || lua_rawlen(L, top) > 0) return false;
  lua_pushnil(L);
  if (!lua_next(L, top)) return at >= row->npositional;
  lua_pop(L, 2);
  return true;
}

/* `zeros(2, 3)`, `x:view(2, -1)`: the last positional parameter takes the numbers that are left. */
static void take_rest(lua_State *L, const gn_row *row, const gn_param *p, int from, int to, gn_arg *a) {
  if (to - from + 1 > GN_MAX_DIMS) raisef(L, "%s: %d sizes, wanted at most %d", row->name, to - from + 1, GN_MAX_DIMS);
  a->kind = GN_A_INTS, a->n = to - from + 1;
  for (int i = from; i <= to; i++) a->ints[i - from] = whole(L, row, p, i);
}

static int take_positional(lua_State *L, const gn_row *row, int top, gn_arg *args) {
  int n = 0;
  for (int i = 1; i <= top; i++, n++) {
    if (n >= row->npositional) return raisef(L, "%s: %d arguments, wanted at most %d and options", row->name, top, row->npositional);
    const gn_param *p = &row->param[n];
    bool rest = (p->kind == GN_P_INTS || p->kind == GN_P_DIMS) && n == row->npositional - 1 && lua_type(L, i) == LUA_TNUMBER;
    if (rest) {
      take_rest(L, row, p, i, top, &args[n]);
      return n + 1;
    }
    take(L, row, p, i, &args[n]);
  }
  return n;
}

static int push_results(lua_State *L, const gn_row *row, int base, gn_tensor **out, tensor_box **box) {
  int last = 0;
  for (int k = 0; k < row->nouts; k++) {
    box[k]->t = out[k];
    if (out[k]) last = k + 1;
  }
  if (last < row->nouts) lua_settop(L, base + last);
  return last;
}

/* new_box, where the metatable is the function's second upvalue */
static tensor_box *op_box(lua_State *L) {
  if (rt_of(L)->closing) luaL_error(L, "tensor: the runtime is closing");
  tensor_box *b = lua_newuserdatauv(L, sizeof *b, 0);
  b->t = NULL, b->magic = rt_of(L)->box_magic;
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_setmetatable(L, -2);
  return b;
}

/* The results' boxes are made first, so that nothing is lost when Lua runs out of memory. */
static int call_row(lua_State *L, gn_op op) {
  genai *rt = rt_of(L);
  const gn_row *row = gn_row_of(rt->g, op);
  int top = lua_gettop(L), last = top, n;
  gn_arg args[GN_MAX_ARGS];
  tensor_box *box[GN_MAX_OUTS];
  gn_tensor *out[GN_MAX_OUTS];
  rt->now = L;
  while (top > row->npositional && lua_isnil(L, top)) lua_settop(L, --top), last = top;     /* options may be nil */
  bool options = top > 0 && is_options(L, row, top, top - 1);
  if (options) last--;
  n = take_positional(L, row, last, args);
  if (options) take_options(L, row, top, args, &n);
  if (row->flags & INPLACE) {                                    /* the result is the first argument itself */
    if (!gn_call(rt->g, op, args, n, out)) return raise_error(L);
    gn_unref(out[0]);
    if (rt->traced) trace_op(L, op, args, n, out);
    lua_settop(L, 1);
    return 1;
  }
  int base = lua_gettop(L);
  for (int k = 0; k < row->nouts; k++) box[k] = op_box(L);
  if (!gn_call(rt->g, op, args, n, out)) return raise_error(L);
  int count = push_results(L, row, base, out, box);
  if (rt->traced) trace_op(L, op, args, n, out);
  return count;
}

static int call_op(lua_State *L) { return call_row(L, (gn_op)lua_tointeger(L, lua_upvalueindex(1))); }

/* Metamethods get their second operand twice for unary minus. */
static int call_unary(lua_State *L) {
  lua_settop(L, 1);
  return call_row(L, (gn_op)lua_tointeger(L, lua_upvalueindex(1)));
}

static void doc_of(lua_State *L, const gn_row *row) {
  lua_createtable(L, 0, 6);
  lua_pushstring(L, row->name), lua_setfield(L, -2, "name");
  lua_pushstring(L, row->signature), lua_setfield(L, -2, "signature");
  lua_pushstring(L, row->doc), lua_setfield(L, -2, "doc");
  lua_pushstring(L, row->example), lua_setfield(L, -2, "example");
  lua_pushinteger(L, row->flags), lua_setfield(L, -2, "flags");
  lua_pushboolean(L, row->flags & HIDDEN), lua_setfield(L, -2, "hidden");
  lua_pushboolean(L, (row->flags & (GRAD | COMPOSITE)) != 0), lua_setfield(L, -2, "grad");
}

/* core.rows(): the op table as data, for help and the tests. */
static int rows(lua_State *L) {
  gn *g = rt_of(L)->g;
  lua_createtable(L, GN_OPS, 0);
  for (int i = 0; i < GN_OPS; i++) {
    doc_of(L, gn_row_of(g, (gn_op)i));
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

static const struct { const char *event, *op; } events[] = {
  { "__add", "add" }, { "__sub", "sub" }, { "__mul", "mul" }, { "__div", "div" }, { "__pow", "pow" }, { "__mod", "remainder" },
};

/* Stack: core. Leaves it with core.ops (name -> function), core.methods and the tensors' metatable. */
void open_ops(lua_State *L) {
  gn *g = rt_of(L)->g;
  lua_newtable(L);                                               /* ops */
  lua_getfield(L, -2, "methods");
  for (int i = 0; i < GN_OPS; i++) {
    const gn_row *row = gn_row_of(g, (gn_op)i);
    lua_pushinteger(L, i);
    lua_rawgetp(L, LUA_REGISTRYINDEX, tensor_metatable);
    lua_pushcclosure(L, call_op, 2);
    lua_pushvalue(L, -1);
    lua_setfield(L, -4, row->name);
    if (row->first == 0 && !(row->flags & HIDDEN)) lua_setfield(L, -2, row->name);
    else lua_pop(L, 1);
  }
  lua_pop(L, 1);
  lua_setfield(L, -2, "ops");
  lua_getfield(L, -1, "metatable");
  for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
    int op = gn_find_op(g, events[i].op);
    if (op < 0) continue;
    lua_pushinteger(L, op);
    lua_pushvalue(L, -2);
    lua_pushcclosure(L, call_op, 2);
    lua_setfield(L, -2, events[i].event);
  }
  int neg = gn_find_op(g, "neg");
  if (neg >= 0) {
    lua_pushinteger(L, neg);
    lua_pushvalue(L, -2);
    lua_pushcclosure(L, call_unary, 2);
    lua_setfield(L, -2, "__unm");
  }
  lua_pop(L, 1);
  lua_pushcfunction(L, rows);
  lua_setfield(L, -2, "rows");
}
