/* io.h: file formats over bytes in memory. Input is hostile: every size is held against the bytes that are there and against caps before anything
 * is allocated. `name` is the file's name for error sentences. Outputs are malloc'ed buffers (free them). */
#ifndef GN_IO_H
#define GN_IO_H
#include "../core.h"

/* One bounded reader. */
typedef struct gn_reader { const uint8_t *data; size_t size, at; bool bad; } gn_reader;
uint64_t gn_read_le(gn_reader *, int bytes);          /* little-endian; sets bad past the end */
uint32_t gn_crc32(uint32_t crc, const void *data, size_t size);   /* zlib's */

/* SHA-256 of what is added, as 64 hexadecimal digits and a zero. */
typedef struct gn_sha256 { uint32_t h[8]; uint64_t size; unsigned char rest[64]; } gn_sha256;
gn_sha256 gn_sha256_start(void);
void gn_sha256_add(gn_sha256 *s, const void *data, size_t size);
void gn_sha256_end(gn_sha256 *s, char text[65]);

/* A file in memory, privately mapped; gn_map_unref fits a tensor's release. */
typedef struct gn_map { _Atomic int refs; void *base; size_t size; uint64_t file[2]; /* device, number */ } gn_map;
gn_map *gn_map_open(const char *path);
void gn_map_unref(void *map);

typedef struct gn_buffer { char *data; size_t size, room; bool bad; } gn_buffer;
void gn_put(gn_buffer *, const void *data, size_t size);
void gn_put_le(gn_buffer *, uint64_t value, int bytes);

/* ---- pictures: PNG, JPEG, BMP, TGA, PPM; u8[h,w,channels], channels 3 or 4 (with alpha) ---- */
gn_tensor *gn_image_decode(gn *, const uint8_t *data, size_t size, const char *name);
bool gn_image_encode(const gn_tensor *u8_hwc /* packed */, const char *format /* png jpg bmp tga */, int quality, gn_buffer *out);

bool gn_png_encode(const uint8_t *pixels, int64_t w, int64_t h, int channels, gn_buffer *out);
bool gn_deflate(const uint8_t *data, size_t size, gn_buffer *out);                    /* raw deflate */

/* ---- sounds: WAV, FLAC, Ogg Vorbis; f32[channels, frames] ---- */
typedef struct gn_sound { gn_tensor *samples; int rate; char *comment; } gn_sound;        /* comment: malloc'ed, or NULL */
bool gn_sound_decode(gn *, const uint8_t *data, size_t size, const char *name, gn_sound *out);
bool gn_sound_comment(const uint8_t *data, size_t size, const char *name, char **comment);    /* malloc'ed, or NULL */
bool gn_sound_encode(const gn_tensor *samples, int rate, const char *format /* wav flac ogg */, int bits /* 16, 24, 32 = float */, double quality, const char *comment, gn_buffer *out);
gn_tensor *gn_resample(gn *, const gn_tensor *samples /* f32[channels, frames] */, double ratio);   /* windowed sinc, libsamplerate's best */

/* ---- arrays ---- */
gn_tensor *gn_npy_decode(gn *, const uint8_t *data, size_t size, const char *name);
bool gn_npy_encode(const gn_tensor *packed, gn_buffer *out);
typedef struct gn_named { char *name; gn_tensor *t; } gn_named;
typedef struct gn_list { gn_named *item; int n, room; } gn_list;
bool gn_list_add(gn_list *, const char *name, size_t len, gn_tensor *t);      /* takes the reference, also when it fails */
void gn_list_free(gn_list *);
bool gn_npz_decode(gn *, const uint8_t *data, size_t size, const char *name, gn_list *out);
bool gn_npz_encode(const gn_list *, gn_buffer *out);
bool gn_safetensors_load(gn *, const char *path, gn_list *out, char **metadata);   /* maps the file, privately; metadata: JSON text or NULL */
bool gn_safetensors_encode(const gn_list *, const char *metadata_json, gn_buffer *out);
bool gn_inflate_into(char *out, const uint8_t *data, size_t size, size_t expect, const char *name);
char *gn_inflate(const uint8_t *data, size_t size, size_t expect, const char *name);      /* raw deflate; exactly `expect` bytes or NULL */

/* ---- ONNX: protobuf messages, told to a visitor. The whole file is checked before the first call. A call may leave by a jump: gn_onnx_close frees all. ---- */
typedef struct gn_onnx_tensor {
  const char *name; size_t name_len;
  const char *type;                       /* "float", "int8" .. */
  int ndim; int64_t dim[GN_MAX_DIMS];
  gn_tensor *t;                           /* a new reference; NULL: strings, told one by one by gn_onnx_text */
  gn_reader body;                         /* the message */
} gn_onnx_tensor;
typedef struct gn_onnx_visitor {
  void *user;
  void (*open)(void *user, const char *field, bool list);      /* a message begins; list: one of several of that name */
  void (*close)(void *user, const char *field, bool list);
  void (*integer)(void *user, const char *field, bool list, int64_t);
  void (*real)(void *user, const char *field, bool list, double);
  void (*text)(void *user, const char *field, bool list, const char *, size_t);
  void (*tensor)(void *user, const char *field, bool list, gn_onnx_tensor *);
} gn_onnx_visitor;
typedef struct gn_onnx {
  gn *g;
  char *path;
  gn_map *map, *data;                     /* the file, and the external data met last */
  char *data_path;
  const gn_onnx_visitor *visit;           /* NULL while it is checked */
  uint64_t external, there;               /* bytes taken from other files, and what those files hold */
  uint64_t (*seen)[2]; int nseen;         /* the files */
} gn_onnx;
bool gn_onnx_open(gn *, const char *path, gn_onnx *);
bool gn_onnx_walk(gn_onnx *, const char *message /* ModelProto TensorProto SequenceProto OptionalProto */, const gn_onnx_visitor * /* NULL: only checks */);
bool gn_onnx_text(gn_onnx_tensor *, const char **text, size_t *len);    /* the next string of a tensor of strings; false = no more */
void gn_onnx_close(gn_onnx *);
const char *gn_onnx_type(int64_t type); /* its name, NULL = unknown */
#endif
