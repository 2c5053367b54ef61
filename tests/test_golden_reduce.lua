-- Reductions, softmax, normalisation and losses against PyTorch: values, first and second gradients (tests/golden/make_reduce.py).
return (dofile "tests/golden.lua" { name = "reduce", first = 0, dir = "dir", zero = 1e-6, partly = true, room = function(most) return 1e-5 * math.max(most, 1) end })
