#ifndef REPL_H
#define REPL_H
#include "bind.h"
int repl(genai *);   /* the prompt; returns the exit code */
#endif
