/* embed.c: writes stdlib files as C arrays: embed OUT FILE.. Names are taken after "stdlib/". Runs at build time. */
#include <stdio.h>
#include <string.h>

static int put(FILE *out, const char *path, int n) {
  FILE *in = fopen(path, "rb");
  if (!in) return perror(path), 1;
  fprintf(out, "static const unsigned char file%d[] = {", n);
  int c, at = 0;
  while ((c = getc(in)) != EOF) fprintf(out, at++ % 32 ? "%d," : "\n%d,", c);
  fprintf(out, "\n0};\n");
  fclose(in);
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  FILE *out = fopen(argv[1], "wb");
  if (!out) return perror(argv[1]), 1;
  fputs("#include <stddef.h>\n", out);
  for (int i = 2; i < argc; i++)
    if (put(out, argv[i], i)) return 1;
  fputs("const struct genai_file { const char *name; const unsigned char *data; size_t size; } genai_files[] = {\n", out);
  for (int i = 2; i < argc; i++) {
    const char *name = strstr(argv[i], "stdlib/");
    fprintf(out, "{ \"%s\", file%d, sizeof file%d - 1 },\n", name ? name + 7 : argv[i], i, i);
  }
  fputs("{ 0, 0, 0 } };\n", out);
  return fclose(out) != 0;
}
