/* onnx.c: the ONNX format (onnx.proto3, IR version 3 to 10): a protobuf reader that is told by tables what may stand where. A walk checks the whole file
 * before a visitor hears of it: lengths against the bytes that are left, nesting, wire types, enums, every tensor's data against its shape. */
#include "onnx.h"
#include <stdlib.h>
#include <string.h>

#define MOST_DEPTH 96                        /* messages in messages; a graph in a node takes three */

typedef enum { INT, REAL, TEXT, MESSAGE, TENSOR, REFUSE } kind;
typedef struct field {
  const char *name;
  uint8_t number, kind, list;
  uint8_t most;                              /* INT: the largest value of an enum, 0 = any */
  const char *message;
} field;
typedef struct message { const char *name; uint64_t required /* 1 << number */; field field[14]; } message;
#define ONE(name, number, kind) { name, number, kind, 0, 0, NULL }
#define LIST(name, number, kind) { name, number, kind, 1, 0, NULL }
#define ENUM(name, number, most) { name, number, INT, 0, most, NULL }
#define SUB(name, number, message) { name, number, MESSAGE, 0, 0, message }
#define MANY(name, number, message) { name, number, MESSAGE, 1, 0, message }

static const message messages[] = {
  { "ModelProto", 1 << 7, { ONE("ir_version", 1, INT), ONE("producer_name", 2, TEXT), ONE("producer_version", 3, TEXT), ONE("domain", 4, TEXT), ONE("model_version", 5, INT),
    ONE("doc_string", 6, TEXT), SUB("graph", 7, "GraphProto"), MANY("opset_import", 8, "OperatorSetIdProto"),
    MANY("metadata_props", 14, "StringStringEntryProto"), MANY("functions", 25, "FunctionProto") } },
  { "GraphProto", 0, { MANY("node", 1, "NodeProto"), ONE("name", 2, TEXT), LIST("initializer", 5, TENSOR), MANY("input", 11, "ValueInfoProto"),
    MANY("output", 12, "ValueInfoProto"), LIST("sparse_initializer", 15, REFUSE) } },
  { "NodeProto", 1 << 4, { LIST("input", 1, TEXT), LIST("output", 2, TEXT), ONE("name", 3, TEXT), ONE("op_type", 4, TEXT), MANY("attribute", 5, "AttributeProto"),
    ONE("domain", 7, TEXT), ONE("overload", 8, TEXT) } },
  { "AttributeProto", 1 << 1, { ONE("name", 1, TEXT), ONE("f", 2, REAL), ONE("i", 3, INT), ONE("s", 4, TEXT), ONE("t", 5, TENSOR), SUB("g", 6, "GraphProto"),
    LIST("floats", 7, REAL), LIST("ints", 8, INT), LIST("strings", 9, TEXT), LIST("tensors", 10, TENSOR), ENUM("type", 20, 14), ONE("ref_attr_name", 21, TEXT),
    SUB("tp", 14, "TypeProto") } },
  { "ValueInfoProto", 1 << 1, { ONE("name", 1, TEXT), SUB("type", 2, "TypeProto") } },
  { "TypeProto", 0, { SUB("tensor_type", 1, "TypeProto.Tensor"), SUB("sequence_type", 4, "TypeProto.Of"), SUB("optional_type", 9, "TypeProto.Of"),
    ONE("map_type", 5, REFUSE), ONE("sparse_tensor_type", 8, REFUSE) } },
  { "TypeProto.Tensor", 0, { ENUM("elem_type", 1, 23), SUB("shape", 2, "TensorShapeProto") } },
  { "TypeProto.Of", 0, { SUB("elem_type", 1, "TypeProto") } },
  { "TensorShapeProto", 0, { MANY("dim", 1, "Dimension") } },
  { "Dimension", 0, { ONE("dim_value", 1, INT), ONE("dim_param", 2, TEXT) } },
  { "OperatorSetIdProto", 0, { ONE("domain", 1, TEXT), ONE("version", 2, INT) } },
  { "StringStringEntryProto", 0, { ONE("key", 1, TEXT), ONE("value", 2, TEXT) } },
  { "FunctionProto", 1 << 1, { ONE("name", 1, TEXT), LIST("input", 4, TEXT), LIST("output", 5, TEXT), LIST("attribute", 6, TEXT), MANY("node", 7, "NodeProto"),
    MANY("opset_import", 9, "OperatorSetIdProto"), ONE("domain", 10, TEXT), MANY("attribute_proto", 11, "AttributeProto"), ONE("overload", 13, TEXT) } },
  { "TensorProto", 0, { { NULL, 0, 0, 0, 0, NULL } } },
  { "SequenceProto", 0, { ONE("name", 1, TEXT), ENUM("elem_type", 2, 5), LIST("tensor", 3, TENSOR), MANY("sequence", 5, "SequenceProto"), LIST("sparse", 4, REFUSE), LIST("map", 6, REFUSE),
    LIST("optional", 7, REFUSE) } },
  { "OptionalProto", 0, { ONE("name", 1, TEXT), ENUM("elem_type", 2, 5), ONE("tensor", 3, TENSOR), SUB("sequence", 5, "SequenceProto"), ONE("sparse", 4, REFUSE), ONE("map", 6, REFUSE),
    ONE("optional", 7, REFUSE) } },
};

bool onnx_bad(const gn_onnx *o, size_t at, const char *rule) { return gn_fail("%s: ONNX, byte %zu: %s", o->path, at, rule); }

bool onnx_varint(gn_reader *r, uint64_t *v) {
  *v = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (r->at >= r->size) return false;
    uint8_t b = r->data[r->at++];
    if (shift == 63 && b > 1) return false;
    *v |= (uint64_t)(b & 127) << (shift < 64 ? shift : 63);
    if (b < 128) return true;
  }
  return false;
}

bool onnx_next(gn_reader *r, onnx_item *it) {
  uint64_t tag, n;
  if (!onnx_varint(r, &tag) || tag >> 3 == 0 || tag >> 32) return false;
  it->number = (uint32_t)(tag >> 3), it->wire = (int)(tag & 7), it->value = 0, it->body = (gn_reader){ r->data, r->at, r->at, false };
  switch (it->wire) {
    case WIRE_VARINT: return onnx_varint(r, &it->value);
    case WIRE_64: return it->value = gn_read_le(r, 8), !r->bad;
    case WIRE_32: return it->value = gn_read_le(r, 4), !r->bad;
    case WIRE_BYTES:
      if (!onnx_varint(r, &n) || n > r->size - r->at) return false;
      it->body = (gn_reader){ r->data, r->at + (size_t)n, r->at, false };
      r->at += (size_t)n;
      return true;
    default: return false;
  }
}

static const message *message_of(const char *name) {
  for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
    if (!strcmp(messages[i].name, name)) return &messages[i];
  return NULL;
}

static bool walk(gn_onnx *, gn_reader, const message *, int depth);

static bool one_integer(gn_onnx *o, const field *f, uint64_t value, size_t at) {
  if (f->most && value > f->most) return gn_fail("%s: ONNX, byte %zu: %s is %lld, wanted 0..%d", o->path, at, f->name, (long long)value, f->most);
  if (o->visit) o->visit->integer(o->visit->user, f->name, f->list, (int64_t)value);
  return true;
}

static void one_real(gn_onnx *o, const field *f, uint64_t bits) {
  uint32_t low = (uint32_t)bits;
  float x;
  memcpy(&x, &low, 4);
  if (o->visit) o->visit->real(o->visit->user, f->name, f->list, x);
}

static bool wrong_wire(const gn_onnx *o, const field *f, const onnx_item *it) {
  return gn_fail("%s: ONNX, byte %zu: %s has wire type %d", o->path, it->body.at, f->name, it->wire);
}

static bool numbers(gn_onnx *o, const field *f, onnx_item *it) {
  gn_reader *r = &it->body;
  int single = f->kind == INT ? WIRE_VARINT : WIRE_32;
  if (it->wire == single) {
    if (f->kind == INT) return one_integer(o, f, it->value, r->at);
    return one_real(o, f, it->value), true;
  }
  if (it->wire != WIRE_BYTES || !f->list) return wrong_wire(o, f, it);
  while (r->at < r->size) {
    uint64_t v;
    if (f->kind == INT) {
      if (!onnx_varint(r, &v)) return onnx_bad(o, r->at, "a number reaches over its list's end");
      if (!one_integer(o, f, v, r->at)) return false;
    } else {
      v = gn_read_le(r, 4);
      if (r->bad) return onnx_bad(o, r->at, "a number reaches over its list's end");
      one_real(o, f, v);
    }
  }
  return true;
}

static bool take(gn_onnx *o, const field *f, onnx_item *it, int depth) {
  const gn_onnx_visitor *v = o->visit;
  if (f->kind == REFUSE) return gn_fail("%s: ONNX, byte %zu: %s is not supported", o->path, it->body.at, f->name);
  if (f->kind == INT || f->kind == REAL) return numbers(o, f, it);
  if (it->wire != WIRE_BYTES) return wrong_wire(o, f, it);
  if (f->kind == TEXT) {
    if (v) v->text(v->user, f->name, f->list, (const char *)it->body.data + it->body.at, it->body.size - it->body.at);
    return true;
  }
  if (f->kind == TENSOR) {
    gn_onnx_tensor t;
    if (!onnx_tensor(o, it->body, v != NULL, &t)) return false;
    if (v) v->tensor(v->user, f->name, f->list, &t);
    return true;
  }
  if (v) v->open(v->user, f->name, f->list);
  if (!walk(o, it->body, message_of(f->message), depth + 1)) return false;
  if (v) v->close(v->user, f->name, f->list);
  return true;
}

static bool walk(gn_onnx *o, gn_reader r, const message *m, int depth) {
  uint64_t seen = 0;
  size_t start = r.at;
  if (depth > MOST_DEPTH) return onnx_bad(o, r.at, "messages are nested too deep");
  while (r.at < r.size) {
    size_t at = r.at;
    onnx_item it;
    if (!onnx_next(&r, &it)) return onnx_bad(o, at, "not a field: a bad tag, or a length that reaches over the end");
    const field *f = NULL;
    for (const field *p = m->field; p->name && !f; p++)
      if (p->number == it.number) f = p;
    if (!f) continue;                        /* what we do not need, or newer than we know */
    if (!f->list && seen >> f->number & 1) return gn_fail("%s: ONNX, byte %zu: %s occurs twice in one %s", o->path, at, f->name, m->name);
    seen |= (uint64_t)1 << f->number;
    if (!take(o, f, &it, depth)) return false;
  }
  return (seen & m->required) == m->required || gn_fail("%s: ONNX, byte %zu: a %s without its %s", o->path, start, m->name, m->required == 1 << 7 ? "graph" : m->required == 1 << 4 ? "op_type" : "name");
}

bool gn_onnx_open(gn *g, const char *path, gn_onnx *o) {
  *o = (gn_onnx){ .g = g, .path = strdup(path) };
  if (!o->path) return gn_fail_as(GN_NOMEM, "%s: out of memory", path);
  return (o->map = gn_map_open(path)) != NULL;
}

bool gn_onnx_walk(gn_onnx *o, const char *name, const gn_onnx_visitor *v) {
  const message *m = message_of(name);
  gn_reader r = { o->map->base, o->map->size, 0, false };
  if (!m) return gn_fail("%s: no message is called \"%.40s\"", o->path, name);
  o->external = 0;
  for (int pass = 0; pass < (v ? 2 : 1); pass++) {
    o->visit = pass ? v : NULL;
    if (m->field[0].name) {
      if (!walk(o, r, m, 0)) return false;
      continue;
    }
    gn_onnx_tensor t;
    if (!onnx_tensor(o, r, pass, &t)) return false;
    if (pass) v->tensor(v->user, "tensor", false, &t);
  }
  return true;
}

void gn_onnx_close(gn_onnx *o) {
  gn_map_unref(o->map), gn_map_unref(o->data);
  free(o->path), free(o->data_path), free(o->seen);
  *o = (gn_onnx){ 0 };
}
