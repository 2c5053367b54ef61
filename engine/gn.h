/* gn.h: the engine's whole API. The engine knows no Lua.
 *
 * A function that can fail returns NULL or false and leaves one sentence in gn_error(); a failed call changes nothing.
 * A `gn` is one runtime: it owns memory accounts, block cache, thread pool, tape and random streams. It is used from one
 * thread at a time; several runtimes may live in several threads. Dimensions count from 0 in C, from 1 in op arguments.
 */
#ifndef GN_H
#define GN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GN_MAX_DIMS 8
#define GN_MAX_ARGS 16
#define GN_MAX_OUTS 4

typedef struct gn gn;
typedef struct gn_node gn_node;

typedef enum { GN_BOOL, GN_U8, GN_I32, GN_I64, GN_F16, GN_BF16, GN_F32, GN_DTYPES } gn_dtype;

typedef struct gn_storage {
  int refs;
  uint64_t id;                           /* never used twice in a runtime */
  uint32_t version;                      /* counts writes in place: backward refuses saved values that changed */
  gn *g;
  void *data;
  size_t bytes;
  struct gn_form *forms;                 /* packed.c */
  void (*release)(void *owner);          /* for memory that is not ours (mmap, host); NULL = gn_free */
  void *owner;
} gn_storage;

typedef struct gn_tensor {
  int refs;
  gn_dtype dtype;
  int ndim;
  int8_t weak;                           /* 1 = a number that became a tensor: it does not raise the other's type; 2 = an integer one */
  bool wants_grad;                       /* leaf or result on the tape */
  int8_t out;                            /* which result of node */
  gn *g;
  gn_storage *store;
  char *data;                            /* first element; strides are in elements */
  int64_t dim[GN_MAX_DIMS], stride[GN_MAX_DIMS];
  gn_node *node;                         /* what made it, NULL = nothing recorded */
  struct gn_tensor *grad;
} gn_tensor;

/* ---- errors (error text is thread-local) ---- */
typedef enum { GN_OK, GN_BAD, GN_NOMEM, GN_CANCELLED } gn_status;
bool gn_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));          /* sets the sentence, returns false */
bool gn_fail_as(gn_status, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *gn_error(void);
gn_status gn_error_status(void);
const char *gn_shape_text(const gn_tensor *, char *buffer, size_t size);              /* "f32[2,3]" */

/* ---- runtime ---- */
typedef struct gn_config {
  size_t limit;                          /* bytes, 0 = none */
  int threads;                           /* < 0: one per core; 0: the caller's thread only */
  bool exact;
  const char *isa;                       /* NULL = best; "v2" "v3" "v4" "ref" */
  void (*pressure)(void *user);          /* asked to free what it can */
  void *user;
  uint64_t seed;
} gn_config;
gn *gn_open(const gn_config *);          /* NULL = out of memory, or an ISA level this machine lacks */
void gn_close(gn *);                     /* tensors still held by others stay valid until released only if released before: release all first */
bool gn_set_threads(gn *, int n);        /* 0 = the caller's thread only */
int gn_threads(const gn *);
void gn_set_exact(gn *, bool);
bool gn_exact(const gn *);
bool gn_set_isa(gn *, const char *level);
const char *gn_isa(const gn *);
void gn_cancel(gn *, bool);              /* any thread; ops then fail with GN_CANCELLED until it is cleared */
void gn_set_limit(gn *, size_t bytes);
size_t gn_limit(const gn *);             /* 0 = none */

/* ---- memory: every byte of a runtime is counted against its limit ---- */
void *gn_alloc(gn *, size_t bytes);      /* 64-byte aligned, not zeroed; NULL + error */
void *gn_alloc_long(gn *, size_t bytes); /* for what stays: it lies apart from what comes and goes */
void gn_free(gn *, void *, size_t bytes);/* bytes as given to gn_alloc */
bool gn_charge(gn *, size_t bytes);      /* counts memory that somebody else allocates (Lua) */
void gn_discharge(gn *, size_t bytes);
size_t gn_live(const gn *, size_t *peak);
void gn_peak_anew(gn *);
/* Memory for each worker, for the time of a job: *each bytes are wanted, *each is the step from one to the next. It is at the same place from job to job. */
void *gn_scratch(gn *, size_t *each);
void gn_scratch_free(gn *, void *, size_t each);
void gn_trim(gn *);                      /* gives kept blocks back to the system */
void gn_tidy(gn *);                      /* the same after a model was loaded, with what loading has left to the collector */

/* Weights in the form a kernel wants them, kept for the next call while the tensor they came from stays as it is (its storage and version).
 * kind tells forms apart. Returns the block (valid for the next 1,000 calls), *fresh = it must be filled; NULL = none is kept: pack for this call alone. */
typedef struct gn_source { gn_storage *store; uint64_t key; } gn_source;      /* key: place, sizes, steps and groups; store NULL: nothing is kept */
/* Weights in training change with every step, and their gradients' inputs are made anew: only others are worth keeping packed. */
gn_source gn_source_of(const gn_tensor *w, int64_t groups);
void *gn_packed_weights(gn *, const gn_source *, int kind, size_t bytes, bool *fresh);
bool gn_packed_ready(const gn_source *, int kind, size_t bytes);     /* one is kept, and need not be filled */

/* ---- threads: task(context, i) for i in 0..n-1, each once, in any order, on the pool; returns when all are done.
 * Which i exist and what they do may depend on shapes only, never on the number of threads. ---- */
typedef void gn_task(void *context, int64_t i, int worker);
void gn_parallel(gn *, int64_t n, gn_task *, void *context);
int gn_workers(const gn *);              /* worker is in 0..gn_workers-1: for per-worker scratch */

/* ---- tensors (new ones have one reference, owned by the caller) ---- */
gn_tensor *gn_new(gn *, gn_dtype, int ndim, const int64_t *dim);             /* packed, not initialised */
gn_tensor *gn_zeros(gn *, gn_dtype, int ndim, const int64_t *dim);
gn_tensor *gn_scalar(gn *, double value, gn_dtype, int weak);
gn_tensor *gn_borrow(gn *, gn_dtype, int ndim, const int64_t *dim, void *data, void (*release)(void *owner), void *owner);
gn_tensor *gn_alias(gn_tensor *, int ndim, const int64_t *dim, const int64_t *stride, int64_t offset);  /* a view; shares storage, not on the tape */
gn_tensor *gn_ref(gn_tensor *);
void gn_unref(gn_tensor *);              /* NULL is fine */
int64_t gn_numel(const gn_tensor *);
size_t gn_size(gn_dtype);
const char *gn_dtype_name(gn_dtype);
bool gn_dtype_of(const char *name, gn_dtype *);
bool gn_is_float(gn_dtype);
gn_dtype gn_promote(gn_dtype, gn_dtype); /* PyTorch's result type */
bool gn_packed(const gn_tensor *);       /* row-major without gaps */
double gn_get(const gn_tensor *, int64_t element);      /* element counted row-major over the shape */
int64_t gn_get_whole(const gn_tensor *, int64_t element);       /* of an integer tensor, exactly */
void gn_set(gn_tensor *, int64_t element, double);
bool gn_copy_into(gn_tensor *to, const gn_tensor *from);/* broadcasts and converts; not recorded */
uint16_t gn_to_half(float);
float gn_from_half(uint16_t);
uint16_t gn_to_bf16(float);
float gn_from_bf16(uint16_t);

/* ---- ops ---- */
typedef enum { GN_A_NIL, GN_A_TENSOR, GN_A_NUMBER, GN_A_INTS, GN_A_TEXT, GN_A_LIST, GN_A_RNG, GN_A_BOOL } gn_arg_kind;
typedef struct gn_rng gn_rng;
typedef struct gn_arg {
  gn_arg_kind kind;
  int n;                                 /* INTS, LIST: how many */
  union {
    gn_tensor *t;
    double num;                          /* NUMBER, BOOL; a choice becomes the index of its word */
    int64_t ints[GN_MAX_DIMS + 4];
    const char *text;
    gn_tensor **list;
    gn_rng *rng;
  };
} gn_arg;

#if defined GN_LEVEL || defined GN_TABLE_LEVEL
typedef int gn_op;                       /* kernels do not know the ops: a new row must not rebuild them */
#else
typedef enum {
#define OP(name, flags, signature, doc, example) GN_OP_##name,
#include "ops.def"
#undef OP
  GN_OPS
} gn_op;
#endif

/* Calls an op: args in the signature's order (positional first, then options), nargs may be short (the rest are defaults).
 * out[0..] receive new references; returns the number of results, 0 = failed. */
int gn_call(gn *, gn_op, const gn_arg *args, int nargs, gn_tensor **out);

/* ---- tape ---- */
bool gn_recording(const gn *);
bool gn_set_recording(gn *, bool);       /* returns what it was */
bool gn_require_grad(gn_tensor *, bool); /* a leaf on the tape */
gn_tensor *gn_detach(gn_tensor *);
/* d(sum y * seed)/dx for each x; seed NULL = ones and y must have one element. results[i] new refs (NULL where y does not depend on x and `allow_unused`). */
bool gn_grad(gn *, gn_tensor *y, gn_tensor *seed, gn_tensor **x, int n, bool create_graph, bool keep_graph, bool allow_unused, gn_tensor **results);
bool gn_backward(gn *, gn_tensor *y, gn_tensor *seed, bool create_graph, bool keep_graph);   /* adds into .grad of the leaves */

/* ---- random streams: Philox 4x32-10 (Salmon et al. 2011) keyed by (seed, name), position counted ---- */
struct gn_rng { uint64_t key, next; };   /* next: the next draw's index; a draw is 32 bits */
gn_rng gn_rng_make(uint64_t seed, const char *name);
uint32_t gn_rng_bits(gn_rng *);
double gn_rng_uniform(gn_rng *);         /* [0,1), 53 bits: two draws */
double gn_rng_normal(gn_rng *);
gn_rng *gn_default_rng(gn *);
void gn_philox(uint64_t key, uint64_t block, uint32_t out[4]);

/* ---- exact double mathematics (engine/math.c): no libm, the same bits everywhere ---- */
double gn_exp(double), gn_log(double), gn_log2(double), gn_log10(double), gn_pow(double, double);
double gn_sin(double), gn_cos(double), gn_tan(double), gn_asin(double), gn_acos(double), gn_atan2(double, double);
double gn_tanh(double), gn_erf(double), gn_fmod(double, double), gn_floor(double), gn_ceil(double);
#endif
