/* act.h: activations that are options of other ops: none|relu|leaky_relu|relu6 and the slope of leaky_relu. In op_conv.c. */
#ifndef GN_ACT_H
#define GN_ACT_H
#include "core.h"
gn_act gn_act_of(const gn_arg *act, const gn_arg *slope);                                              /* for kernels */
gn_tensor *gn_activated(gn *, gn_tensor *y, const gn_arg *act, const gn_arg *slope);                   /* as an op of its own, on the tape */
#endif
