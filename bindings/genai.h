/* genai.h: genai inside your program.
 *
 *   genai_options options = {0};
 *   genai *g = genai_open(&options);
 *   if (genai_eval(g, "host", "story = require('genai').story('a brave mouse', {seed = 7}).pages[1].text") == GENAI_OK) {
 *     genai_value text = {0};
 *     genai_get(g, "story", &text);
 *     puts(text.data);
 *     genai_release(g, &text);
 *   } else puts(genai_error(g));
 *   genai_close(g);
 *
 * A runtime owns everything it makes and shares nothing with other runtimes; use it from one thread at a time, several runtimes in several
 * threads. No call ever ends the process: a script's error, a full memory or a cancel is a status, and the runtime lives on.
 */
#ifndef GENAI_H
#define GENAI_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
#if defined __GNUC__
#define GENAI_API __attribute__((visibility("default")))
#else
#define GENAI_API
#endif

typedef struct genai genai;
typedef enum { GENAI_OK, GENAI_MORE, GENAI_ERROR, GENAI_NOMEM, GENAI_CANCELLED } genai_status;
typedef enum { GENAI_NIL, GENAI_NUMBER, GENAI_TEXT, GENAI_ARRAY, GENAI_IMAGE, GENAI_AUDIO } genai_kind;

/* One value for arguments, results and globals. Data are borrowed: of an argument for the time of the call (genai_set: copied), of a result
 * until genai_release. */
typedef struct genai_value {
  genai_kind kind;
  double number;       /* NUMBER: the number; AUDIO: samples per second */
  const void *data;    /* TEXT: UTF-8, NUL at the end; IMAGE: u8 sRGB, RGBA; ARRAY, AUDIO: f32. Row-major, packed */
  size_t size;         /* bytes at data (TEXT: without the NUL) */
  int ndim;
  int64_t dim[8];      /* IMAGE {height,width,4}; AUDIO {frames,channels} */
  void *pin;           /* set by get and call: what keeps data alive; handed back with genai_release */
} genai_value;

/* Called by scripts under the name it was registered with. Returns NULL, or the error's sentence. out is NIL at entry; what it points to is
 * copied before the next call. */
typedef const char *genai_fn(void *user, int n, const genai_value *arg, genai_value *out);

/* All zero = sensible defaults. */
typedef struct genai_options {
  size_t memory_limit; /* bytes, Lua and tensors together; 0 = none */
  uint64_t seed;
  int threads;         /* 0 = one per core; 1 = the caller's thread only */
  const char *root;    /* scripts touch files only below this folder; NULL = anywhere */
  void *(*alloc)(void *user, void *block, size_t old_size, size_t new_size);   /* as lua_Alloc; NULL = malloc */
  void (*log)(void *user, int level, const char *line);                        /* what scripts print (level 0) and warnings (1); NULL = stdout, stderr */
  void *user;          /* for alloc and log */
} genai_options;

GENAI_API genai *genai_open(const genai_options *);                     /* NULL = out of memory */
GENAI_API void genai_close(genai *);                                    /* frees all; NULL is fine */
GENAI_API const char *genai_error(const genai *);                       /* last message and traceback; "" = none */
GENAI_API genai_status genai_run(genai *, const char *file);            /* a script, to its end */
GENAI_API genai_status genai_eval(genai *, const char *name, const char *source);
GENAI_API genai_status genai_register(genai *, const char *name, genai_fn *, void *user, const char *doc);
GENAI_API genai_status genai_call(genai *, const char *fn, int n, const genai_value *arg, genai_value *out);  /* a global function, dotted names allowed; out may be NULL */
GENAI_API genai_status genai_set(genai *, const char *name, const genai_value *);
GENAI_API genai_status genai_get(genai *, const char *name, genai_value *);  /* "cover", "story.title"; a missing one is NIL */
GENAI_API void genai_release(genai *, genai_value *);                   /* value becomes NIL */
GENAI_API void genai_seed(genai *, uint64_t);
GENAI_API void genai_limit(genai *, size_t bytes);
GENAI_API size_t genai_memory(const genai *, size_t *peak);             /* live bytes */
GENAI_API void genai_clear(genai *);                                    /* drops globals, keeps loaded weights */
GENAI_API void *genai_lua(genai *);                                     /* the lua_State */
#ifdef __cplusplus
}
#endif
#endif
