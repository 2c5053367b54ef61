/* embed.c: writes stdlib files, deflated, as C arrays: embed OUT FILE.. Names are taken after "stdlib/". Runs at build time. */
#include <stdarg.h>
#include <stdio.h>
#include "../engine/io/deflate.c"

bool gn_fail(const char *format, ...) { return fprintf(stderr, "embed: %s\n", format), false; }
bool gn_fail_as(gn_status status, const char *format, ...) { return gn_fail("%s", format); }

void gn_put(gn_buffer *b, const void *data, size_t size) {
  if (b->size + size > b->room) b->data = realloc(b->data, b->room = 2 * (b->room + size));
  memcpy(b->data + b->size, data, size);
  b->size += size;
}

static int put(FILE *out, const char *path, int n, long *size) {
  FILE *in = fopen(path, "rb");
  if (!in) return perror(path), 1;
  fseek(in, 0, SEEK_END);
  *size = ftell(in);
  rewind(in);
  uint8_t *text = malloc((size_t)*size + 1);
  gn_buffer packed = { 0 };
  if (fread(text, 1, (size_t)*size, in) != (size_t)*size || !gn_deflate(text, (size_t)*size, &packed)) return 1;
  fclose(in);
  fprintf(out, "static const unsigned char file%d[] = {", n);
  for (size_t i = 0; i < packed.size; i++) fprintf(out, i % 32 ? "%d," : "\n%d,", (unsigned char)packed.data[i]);
  fprintf(out, "\n};\n#define PACKED%d %zu\n", n, packed.size);
  free(text);
  free(packed.data);
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  FILE *out = fopen(argv[1], "wb");
  long *size = calloc((size_t)argc, sizeof *size);
  if (!out || !size) return perror(argv[1]), 1;
  fputs("#include <stddef.h>\n", out);
  for (int i = 2; i < argc; i++)
    if (put(out, argv[i], i, &size[i])) return 1;
  fputs("const struct genai_file { const char *name; const unsigned char *data; size_t packed, size; } genai_files[] = {\n", out);
  for (int i = 2; i < argc; i++) {
    const char *name = strstr(argv[i], "stdlib/");
    fprintf(out, "{ \"%s\", file%d, PACKED%d, %ld },\n", name ? name + 7 : argv[i], i, i, size[i]);
  }
  fputs("{ 0, 0, 0, 0 } };\n", out);
  return fclose(out) != 0;
}
