/* core.h: what the engine's own files share. Nothing above the engine includes it. */
#ifndef GN_CORE_H
#define GN_CORE_H
#include "gn.h"
#include "cpu/kernels.h"
#include <stdatomic.h>

/* ---- op rows, parsed from ops.def at start (op.c) ----
 * Signature grammar:   PARAM PARAM .. ; OPTION OPTION .. -> RESULT RESULT ..
 *   tensor    x:f[n,c,..]   f float (f16, bf16, integers are converted to f32)   n any number   i integer   b bool   a any type
 *             [a,b] named dims; `..` any dims, equal wherever it stands; `*s` broadcasts; [3] a fixed size; no brackets = any shape
 *             suffix ? = may be nil      suffix + = a list of one or more
 *   others    k:int  p:num  d:dim (from 1, negatives from the end; becomes 0-based)  d:dims (one or a list)  v:ints  s:text  f:bool  r:rng
 *             m:word|word|word (becomes the index)      t:dtype      p:any (number, list of integers or text, as given)     =default, or ? = may be nil
 *   result    f[..,n]  f32 (given back in the inputs' float type)   n promoted type of the n inputs   i i32   l i64   b bool   x as the first tensor
 *             [?] or no brackets = the forward function allocates
 */
enum { GRAD = 1,            /* has gn__bwd_NAME */
       COMPOSITE = 2,       /* the forward function calls other ops; nothing recorded for itself, inputs come as they are */
       STRIDED = 4,         /* the forward function takes strided inputs (else they come packed) */
       INPLACE = 8,         /* writes into its first tensor, which comes as it is; other tensors come in its type; the dispatcher sets out[0] */
       SAME_STORAGE = 16,   /* results are views */
       HIDDEN = 32,         /* not shown to scripts: gradient kernels */
       SHAPES_ONLY = 64,    /* the gradient looks at the shapes of inputs alone: their values are not kept (n->arg[i].t has no data) */
       NO_OUT = 128 };      /* the gradient does not call gn_out: results are not kept */

typedef enum { GN_P_TENSOR, GN_P_LIST, GN_P_INT, GN_P_NUM, GN_P_DIM, GN_P_DIMS, GN_P_INTS, GN_P_TEXT, GN_P_BOOL, GN_P_RNG, GN_P_WORD, GN_P_DTYPE, GN_P_ANY } gn_param_kind;
typedef struct gn_size_spec { char kind; /* 'v' named, 'c' constant, '.' any leading, '*' broadcast */ int8_t var; int32_t value; } gn_size_spec;
typedef struct gn_param {
  const char *name; int name_len;
  gn_param_kind kind;
  char type;                              /* f n i b a */
  bool optional, shaped, option, has_default;
  int ndim; gn_size_spec size[GN_MAX_DIMS];
  double number;                          /* default of int num dim bool word */
  const char *words; int words_len;       /* the choices */
} gn_param;
typedef struct gn_row {
  const char *name, *signature, *doc, *example;
  int flags, nparams, npositional, nouts, nvars;
  int plain;                              /* no parameters but this many (1 or 2) tensors, of one shape or of shapes that forward looks at; else 0 */
  gn_param param[GN_MAX_ARGS];
  struct { char type; bool shaped; int ndim; gn_size_spec size[GN_MAX_DIMS]; } result[GN_MAX_OUTS];
  char var[16][12];
  int first;                              /* the first tensor or list parameter, -1 = none */
  const char *text;                       /* signature up to "->" */
  bool (*forward)(gn *, const gn_arg *a, gn_tensor **out);
  bool (*backward)(gn *, gn_node *, gn_tensor *const *gout, gn_tensor **gin);
} gn_row;

/* a[i] belongs to parameter i. Shaped results are allocated (packed f32 / the result type) before forward is called; for the others forward sets
 * out[i] to a new reference. Inputs of type f come as packed f32 unless STRIDED (then f32 with strides). */
#define OP(name, flags, signature, doc, example) bool gn__fwd_##name(gn *, const gn_arg *a, gn_tensor **out);
#include "ops.def"
#undef OP

/* ---- tape ---- */
typedef struct gn_segment gn_segment;
typedef struct gn_form gn_form;
struct gn_node {
  int refs, nargs, nouts, nlist;
  gn_op op;                               /* GN_OPS = a leaf */
  bool freed;                             /* the graph was released by a backward pass */
  uint64_t id;                            /* order of recording */
  gn *g;
  gn_arg *arg;                            /* nargs; tensors referenced */
  gn_tensor **list;                       /* elements of the list parameter, referenced */
  uint32_t *version;                      /* of the tensors in arg, then list, at recording */
  gn_tensor *saved[GN_MAX_OUTS];          /* results without tape: use gn_out */
  gn_tensor *leaf;                        /* leaf nodes: not referenced, cleared when the tensor dies */
  gn_tensor *gsum[GN_MAX_OUTS];           /* gradient collected during a backward pass */
  uint64_t mark;                          /* visited in the pass of that number */
  bool useful;                            /* leads to an asked-for input */
  gn_segment *segment; int segment_at;    /* checkpointed: values are recomputed when needed */
  gn_node *next;                          /* list of dying nodes */
  size_t bytes;
};

/* In backward functions: n->arg[i].t is input i (with its tape), gn_out(n, k) result k, gout[k] its gradient (NULL = zero).
 * Set gin[i] for input i (list element j: gin[n->nargs + j]) to any tensor (borrowed; the caller keeps it); leave NULL = zero.
 * gn_wants(n, i) says whether gin[i] is needed. Results must have the input's shape: use gn_sum_to for broadcast inputs.
 * Where gn_recording(g) is true the gradient must be made of differentiable ops on the inputs as given (second derivatives);
 * where it is false a fused HIDDEN op may be called instead. */
gn_tensor *gn_out(gn_node *, int k);
bool gn_wants(const gn_node *, int i);

/* ---- expressions: inside forward functions of COMPOSITE ops and inside backward functions, results of the calls below are borrowed:
 * a scope owns them. NULL inputs give NULL, so that expressions nest without checks. Keep a result with gn_ref. */
gn_tensor *gn_do(gn *, gn_op, int nargs, const gn_arg *args);          /* first result, borrowed from the scope */
int gn_do_all(gn *, gn_op, int nargs, const gn_arg *args, gn_tensor **out);  /* all results, borrowed; 0 = failed */
#define GN_DO(g, name, ...) gn_do(g, GN_OP_##name, (int)(sizeof((gn_arg[]){__VA_ARGS__}) / sizeof(gn_arg)), (gn_arg[]){__VA_ARGS__})
#define GN_DO_ALL(g, name, out, ...) gn_do_all(g, GN_OP_##name, (int)(sizeof((gn_arg[]){__VA_ARGS__}) / sizeof(gn_arg)), (gn_arg[]){__VA_ARGS__}, out)
static inline gn_arg gn_t(gn_tensor *t) { gn_arg a; a.kind = GN_A_TENSOR, a.n = 1, a.t = t; return a; }     /* t NULL = failed before: the call fails too */
static inline gn_arg gn_opt(gn_tensor *t) { gn_arg a; a.kind = t ? GN_A_TENSOR : GN_A_NIL, a.n = 1, a.t = t; return a; }
static inline gn_arg gn_n(double x) { gn_arg a; a.kind = GN_A_NUMBER, a.n = 1, a.num = x; return a; }       /* numbers, dims from 1, words by index, bools */
static inline gn_arg gn_nil(void) { gn_arg a; a.kind = GN_A_NIL, a.n = 0; return a; }
gn_arg gn_v(int n, const int64_t *ints);                                /* a list of integers (sizes, dims from 1) */
gn_arg gn_ts(int n, gn_tensor **list);                                  /* a list of tensors */
gn_tensor *gn_number(gn *, double);                                     /* a weak f32 number as a tensor, borrowed from the scope */
gn_tensor *gn_hold(gn *, gn_tensor *);                                  /* gives a new reference to the scope; returns it */
gn_tensor *gn_sum_to(gn *, gn_tensor *t, int ndim, const int64_t *dim); /* undoes broadcasting */
typedef struct gn_scope { int mark; } gn_scope;
gn_scope gn_scope_open(gn *);
void gn_scope_close(gn *, gn_scope);

/* ---- small helpers for forward functions ---- */
static inline float *gn_f32(const gn_tensor *t) { return (float *)t->data; }
bool gn_mul_ok(int64_t a, int64_t b, int64_t *product);
gn_tensor *gn_pack(gn_tensor *);                                        /* packed copy or a reference to itself; not recorded */
gn_tensor *gn_cast(gn_tensor *, gn_dtype);                              /* packed copy in that type or a reference; not recorded */
const gn_row *gn_row_of(const gn *, gn_op);
int gn_find_op(const gn *, const char *name);                           /* -1 = none */

struct gn {
  const gn_kernels *k;                    /* the kernels of this ISA level and mode */
  gn_kernels ref;                         /* the plain twins */
  bool exact, recording;
  _Atomic bool cancelled;
  int depth;                              /* nesting of calls: only the outermost op looks at cancel */
  const char *isa;
  gn_config config;
  struct gn_mem *mem;
  struct gn_pool *pool;
  gn_row *row;                            /* GN_OPS of them */
  gn_rng rng;
  uint64_t node_id, mark;
  gn_tensor **temps; int ntemps, temps_size;
  gn_tensor *free_tensors; gn_storage *free_storages;
  int64_t structs[2], structs_most;       /* tensor and storage structs that the account knows of; how many tensors call for a collection */
  gn_tensor *spare[4];                    /* numbers as tensors, for reuse */
  gn_node *dying; bool draining;
  gn_segment *segment;                    /* being recorded */
  gn_form *newest, *oldest; size_t form_bytes; uint64_t form_clock;      /* packed.c */
  uint64_t storage_id;
  int64_t counted[4];                     /* tensors, storages, nodes alive: leak checks */
};
#endif
