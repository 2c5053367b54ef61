/* bind.h: what the binding's files share: the runtime behind a lua_State, tensors as userdata, errors at the edge. */
#ifndef BIND_H
#define BIND_H
#include "gn.h"
#include "genai.h"
#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>

#define SMALL_CLASSES 16                  /* blocks of 16, 32 .. 256 bytes */
struct genai {
  gn *g;
  lua_State *L;                           /* the main thread */
  lua_State *now;                         /* the thread that called last: where a collection may run */
  genai_options options;
  char *root;                             /* real path, NULL = anywhere */
  char *tmpdir;                           /* made on demand, removed at close */
  char *error;                            /* message and traceback of the last failure */
  char nomem[256];                        /* text of the last out-of-memory error */
  uint64_t seed;
  bool opening, closing, warns, lost;     /* lost: there was no memory for the error's text */
  bool may_exit;                          /* os.exit ends the process: the command's scripts alone */
  char warning[256];                      /* collected so far */
  void *small[SMALL_CLASSES], *slabs;     /* alloc.c */
  size_t box_block, box_at;               /* a tensor's box: the size of its block, and where in it the box lies */
  uint64_t box_magic;                     /* marks boxes: random, so that no script can forge one */
  void *probed;
  bool traced;                            /* lua_trace.c */
};

void *lua_alloc(void *user, void *block, size_t old, size_t size);        /* alloc.c: Lua's memory, counted with the tensors' */
bool alloc_probe(genai *);                                                /* how boxes lie in their blocks; false = out of memory */
void alloc_close(genai *);

static inline genai *rt_of(lua_State *L) { return *(genai **)lua_getextraspace(L); }

/* ---- tensors in Lua ---- */
typedef struct tensor_box { gn_tensor *t; uint64_t magic; } tensor_box;      /* no finalizer: the allocator releases t with the block */
extern const char tensor_metatable[1];                  /* its key in the registry */
tensor_box *new_box(lua_State *L);                      /* pushes an empty tensor: make it before the engine makes what it will hold */
void push_tensor(lua_State *L, gn_tensor *);            /* takes the reference, also when it fails */
gn_tensor *to_tensor(lua_State *L, int i);              /* NULL = not a tensor */
const char *kind_name(lua_State *L, int i);             /* luaL_typename, and for tensors that were released "released tensor" */
gn_tensor *check_tensor(lua_State *L, int i, const char *op, const char *name);
gn_rng *to_rng(lua_State *L, int i);                    /* NULL = not a random stream */

/* ---- errors ---- */
int raise_error(lua_State *L);                                /* gn_error() as a Lua error at the caller's line */
int raisef(lua_State *L, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *nearest(const char *name, const char *const *names, int n);   /* the most alike name, or NULL */

/* ---- ops told to a Lua function while rt->traced ---- */
void trace_op(lua_State *L, gn_op, const gn_arg *args, int n, gn_tensor *const *out);

/* ---- files: refused outside the root ---- */
const char *check_path(lua_State *L, int i);            /* a path argument that may be touched, else an error */

/* ---- modules ---- */
int open_core(lua_State *L);                            /* the module genai.core */
void open_ops(lua_State *L);                            /* into the core table on the top: ops, and core.methods, tensor's metatable */
void open_tensor(lua_State *L);
void open_system(lua_State *L);                         /* files, clock, memory, seed, threads, base64 */
void open_files(lua_State *L);                          /* hashes, copies, renames, where models lie */
void open_random(lua_State *L);
void open_tape(lua_State *L);
void open_io(lua_State *L);                             /* pictures, sounds, arrays */
void open_onnx(lua_State *L);                           /* ONNX files as tables; release and alias of handles */
void open_trace(lua_State *L);                          /* trace and identity */
void open_json(lua_State *L);
void open_safe(lua_State *L);                           /* math, pairs, print: replaced in the globals */
void open_stdlib(lua_State *L);                         /* the searcher for compiled-in modules */
#endif
