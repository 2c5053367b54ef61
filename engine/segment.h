/* segment.h: checkpoints. Nodes recorded inside a segment keep no values of their own; the first backward pass that needs one runs the
 * function again and hands the values over node by node (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"). */
#ifndef GN_SEGMENT_H
#define GN_SEGMENT_H
#include "core.h"
typedef bool gn_again(void *user);        /* runs the function again, recording; false + error */
gn_segment *gn_segment_begin(gn *, gn_again *, void *user, void (*destroy)(void *user));
void gn_segment_end(gn *, gn_segment *);  /* drops the values of what was recorded since begin; the segment then lives as long as its nodes */
void gn_segment_join(gn *, gn_node *);
void gn_segment_leave(gn_node *);
bool gn_segment_fill(gn_node *);          /* makes sure that the node's values are there */
#endif
