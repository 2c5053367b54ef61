/* op_synth.c: the synthesiser as an op. */
#include "core.h"
#include "synth.h"

bool gn__fwd_synth(gn *g, const gn_arg *a, gn_tensor **out) {
  const gn_tensor *notes = a[0].t;
  double rate = a[1].num;
  int64_t frames = (int64_t)a[2].num, dims[2] = { 2, frames }, row;
  const char *fault = gn_synth_check(gn_f32(notes), notes->dim[0], notes->dim[1], rate, frames, &row);
  if (fault && row) return gn_fail("synth: notes: row %lld: %s", (long long)row, fault);
  if (fault) return gn_fail("synth: %s; found notes %lldx%lld, rate %g, frames %lld", fault, (long long)notes->dim[0], (long long)notes->dim[1], rate, (long long)frames);
  size_t room = (size_t)frames * 2 * sizeof(float) + ((size_t)4 << 20);      /* what gn_synth itself allocates, at most */
  if (!(out[0] = gn_new(g, GN_F32, 2, dims)) || !gn_charge(g, room)) return false;
  bool ok = gn_synth(gn_f32(notes), notes->dim[0], notes->dim[1], rate, frames, gn_f32(out[0]));
  gn_discharge(g, room);
  return ok || gn_fail_as(GN_NOMEM, "synth: out of memory");
}
