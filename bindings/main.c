/* main.c: the command. */
#include "system.h"
#include "repl.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef GENAI_VERSION
#define GENAI_VERSION "0.1.0"
#endif

static const char usage[] =
  "usage: genai [options] script.lua [arguments]     run a script\n"
  "       genai [options] -e CODE                    run code\n"
  "       genai [options] -                          run standard input\n"
  "       genai help [NAME]                          what an op or function does\n"
  "       genai models [NAME]                        the models that are found here\n"
  "       genai                                      a prompt\n"
  "options: --seed N  --threads N  --mode fast|exact  --memory-limit 512M  --isa v2|v3|v4|ref  --version  --help\n";

typedef struct command { genai_options options; bool exact, version, help; const char *isa, *code; int at; } command;

static int bad_usage(const char *what, const char *value) {
  fprintf(stderr, "genai: %s%s%s\n%s", what, value ? ": " : "", value ? value : "", usage);
  return 2;
}

static bool parse_size(const char *text, size_t *bytes) {
  char *end;
  errno = 0;
  double x = strtod(text, &end);
  double unit = *end == 'K' || *end == 'k' ? 1024.0 : *end == 'M' || *end == 'm' ? 1048576.0 : *end == 'G' || *end == 'g' ? 1073741824.0 : 1;
  if (end == text || errno || !(x > 0) || x * unit > 1e18 || (unit > 1 ? end[1] : end[0])) return false;
  *bytes = (size_t)(x * unit);
  return true;
}

static bool parse_integer(const char *text, long long low, long long high, long long *out) {
  char *end;
  errno = 0;
  *out = strtoll(text, &end, 0);
  return end != text && !*end && !errno && *out >= low && *out <= high;
}

/* One option that takes a value; 0 = fine, 2 = bad. */
static int take_value_option(command *c, const char *name, const char *value) {
  long long n;
  if (!strcmp(name, "--seed")) {
    if (!parse_integer(value, INT64_MIN, INT64_MAX, &n)) return bad_usage("--seed wants a whole number, found", value);
    c->options.seed = (uint64_t)n;
  } else if (!strcmp(name, "--threads")) {
    if (!parse_integer(value, 0, 256, &n)) return bad_usage("--threads wants 0..256, found", value);
    c->options.threads = (int)n;
  } else if (!strcmp(name, "--mode")) {
    if (strcmp(value, "fast") && strcmp(value, "exact")) return bad_usage("--mode wants fast or exact, found", value);
    c->exact = value[0] == 'e';
  } else if (!strcmp(name, "--memory-limit")) {
    if (!parse_size(value, &c->options.memory_limit)) return bad_usage("--memory-limit wants a size such as 512M, found", value);
  } else if (!strcmp(name, "--isa")) c->isa = value;
  else return bad_usage("unknown option", name);
  return 0;
}

static int parse(command *c, int argc, char **argv) {
  int i = 1;
  for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
    char name[32];
    const char *value = strchr(argv[i], '=');
    if (!strcmp(argv[i], "--")) { i++; break; }
    if (!strcmp(argv[i], "--version")) { c->version = true; continue; }
    if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) { c->help = true; continue; }
    if (!strcmp(argv[i], "-e")) {
      if (i + 1 == argc) return bad_usage("-e wants code", NULL);
      c->code = argv[++i];
      continue;
    }
    snprintf(name, sizeof name, "%.*s", value ? (int)(value - argv[i]) : 31, argv[i]);
    if (value) value++;
    else if (i + 1 < argc && !strncmp(argv[i], "--", 2)) value = argv[++i];
    else return bad_usage("unknown option, or one without its value", argv[i]);
    int bad = take_value_option(c, name, value);
    if (bad) return bad;
  }
  c->at = i;
  return 0;
}

static void set_args(genai *g, int argc, char **argv, int at) {
  lua_State *L = genai_lua(g);
  lua_createtable(L, argc - at, at);
  for (int i = 0; i < argc; i++) lua_pushstring(L, argv[i]), lua_rawseti(L, -2, i - at);
  lua_setglobal(L, "arg");
}

static int report(genai *g, genai_status status) {
  if (status == GENAI_OK) return 0;
  fflush(stdout);
  fprintf(stderr, "genai: %s\n", genai_error(g));
  return 1;
}

static const char with_genai[] = "genai = require 'genai'\n";

static int run_code(genai *g, const char *code) {
  int bad = report(g, genai_eval(g, "genai", with_genai));
  return bad ? bad : report(g, genai_eval(g, "-e", code));
}

static int show_help(genai *g, const char *name) {
  genai_value v = { .kind = GENAI_TEXT, .data = name ? name : "", .size = name ? strlen(name) : 0 }, out;
  if (genai_eval(g, "help", "genai_help = function(name) return require('genai.help').text(name) end") != GENAI_OK ||
      genai_call(g, "genai_help", 1, &v, &out) != GENAI_OK) return report(g, GENAI_ERROR);
  bool found = out.kind == GENAI_TEXT;
  if (found) puts(out.data);
  else fprintf(stderr, "genai: there is no help on %s\n", name);
  genai_release(g, &out);
  return found ? 0 : 1;
}

static int show_models(genai *g, const char *name) {
  genai_value v = { .kind = GENAI_TEXT, .data = name ? name : "", .size = name ? strlen(name) : 0 }, out;
  static const char show[] = "genai_models = function(name) local fine, why = pcall(require('genai.models').show, name) "
                             "return not fine and why:gsub('^%S-:%d+: ', '') or nil end";
  if (genai_eval(g, "models", show) != GENAI_OK || genai_call(g, "genai_models", name ? 1 : 0, &v, &out) != GENAI_OK) return report(g, GENAI_ERROR);
  bool fine = out.kind != GENAI_TEXT;
  if (!fine) fflush(stdout), fprintf(stderr, "genai: %s\n", (const char *)out.data);
  genai_release(g, &out);
  return fine ? 0 : 1;
}

static int run(genai *g, const command *c, int argc, char **argv) {
  bool piped = !isatty(STDIN_FILENO), named = c->at < argc;
  if (c->code) {
    set_args(g, argc, argv, c->at - 1);
    return run_code(g, c->code);
  }
  if (named && !strcmp(argv[c->at], "help")) return show_help(g, c->at + 1 < argc ? argv[c->at + 1] : NULL);
  if (named && !strcmp(argv[c->at], "models")) return show_models(g, c->at + 1 < argc ? argv[c->at + 1] : NULL);
  set_args(g, argc, argv, named ? c->at : argc);
  if (!named && !piped) return repl(g);
  const char *file = named && strcmp(argv[c->at], "-") ? argv[c->at] : NULL;
  return report(g, genai_run_args(g, file, named ? argc - c->at - 1 : 0, named ? (const char *const *)argv + c->at + 1 : NULL));
}

int main(int argc, char **argv) {
  command c = { .isa = getenv("GENAI_ISA") };
  const char *mode = getenv("GENAI_MODE"), *threads = getenv("GENAI_THREADS");
  if (mode) c.exact = !strcmp(mode, "exact");
  if (threads) c.options.threads = atoi(threads);
  int bad = parse(&c, argc, argv);
  if (bad) return bad;
  if (c.version) return puts("genai " GENAI_VERSION " (" LUA_RELEASE ")"), 0;
  if (c.help) return fputs(usage, stdout), 0;
  genai *g = genai_open_mode(&c.options, c.exact, c.isa && *c.isa ? c.isa : NULL);
  if (!g) return fprintf(stderr, "genai: %s\n", gn_error()), 1;
  g->may_exit = true;
  int status = run(g, &c, argc, argv);
  fflush(stdout);
  genai_close(g);
  return status;
}
