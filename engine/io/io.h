/* io.h: file formats over bytes in memory. Input is hostile: every size is held against the bytes that are there and against caps before anything
 * is allocated. `name` is the file's name for error sentences. Outputs are malloc'ed buffers (free them). */
#ifndef GN_IO_H
#define GN_IO_H
#include "../core.h"

/* One bounded reader. */
typedef struct gn_reader { const uint8_t *data; size_t size, at; bool bad; } gn_reader;
uint64_t gn_read_le(gn_reader *, int bytes);          /* little-endian; sets bad past the end */
uint32_t gn_crc32(uint32_t crc, const void *data, size_t size);   /* zlib's */

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
#endif
