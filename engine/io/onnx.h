/* onnx.h: what the two halves of the ONNX reader share. */
#ifndef GN_ONNX_H
#define GN_ONNX_H
#include "io.h"

/* One field of a protobuf message. */
typedef struct onnx_item { uint32_t number; int wire; uint64_t value; gn_reader body; } onnx_item;
enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };
bool onnx_varint(gn_reader *, uint64_t *);
bool onnx_next(gn_reader *, onnx_item *);
bool onnx_bad(const gn_onnx *, size_t at, const char *rule);

/* Reads a TensorProto; `make` = false: only checks that its data are there. */
bool onnx_tensor(gn_onnx *, gn_reader body, bool make, gn_onnx_tensor *);
#endif
