/* loss.h: what cross entropy's forward and gradient share. */
#ifndef GN_LOSS_H
#define GN_LOSS_H
#include "core.h"
bool gn_ce_of(const gn_arg *a, gn_ce *p, gn_tensor **held);
double gn_ce_mass(const gn_ce *p);
#endif
