/* value.h: genai_value to Lua and back (value.c). These may raise Lua errors. */
#ifndef VALUE_H
#define VALUE_H
#include "bind.h"
void push_value(lua_State *L, const genai_value *);          /* copies what it points to */
void take_value(lua_State *L, int i, genai_value *);         /* pins the Lua value */
void push_host_function(lua_State *L, const char *name, genai_fn *, void *user, const char *doc);
#endif
