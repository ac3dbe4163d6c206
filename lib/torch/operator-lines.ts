/**
 * What the operators that people use most do, in one line each, with their page of PyTorch's documentation: what an
 * editor shows beside the schema. Pages are `torch.<page>.html`.
 */

type Line = readonly [page: string, line: string];

/** Pages that bear the operator's own name. */
const own = (lines: Record<string, string>): Record<string, Line> =>
  Object.fromEntries(Object.entries(lines).map(([name, line]) => [name, [name, line]]));

const inRoom = (room: string, prefix: string, lines: Record<string, string>): Record<string, Line> =>
  Object.fromEntries(Object.entries(lines).map(([name, line]) => [`${prefix}${name}`, [`${room}.${name}`, line]]));

const MAKING = own({
  zeros: 'A tensor of zeros.',
  ones: 'A tensor of ones.',
  full: 'A tensor filled with one number; a whole number makes integers.',
  empty: 'A tensor whose memory is not set.',
  zeros_like: 'Zeros of the shape and dtype of `self`.',
  ones_like: 'Ones of the shape and dtype of `self`.',
  full_like: 'One number in the shape and dtype of `self`.',
  empty_like: 'Unset memory in the shape and dtype of `self`.',
  arange: 'Numbers from `start` to below `end`, `step` apart.',
  linspace: '`steps` numbers evenly spaced from `start` to `end`, both included.',
  eye: 'The identity matrix.',
  rand: 'Random numbers from 0 to below 1.',
  randn: 'Random numbers of the standard normal distribution.',
  randint: 'Random integers from `low` to below `high`.',
  randperm: 'The integers from 0 to below `n` in random order.',
  rand_like: 'Random numbers from 0 to below 1 in the shape of `self`.',
  randn_like: 'Normal random numbers in the shape of `self`.',
  normal: 'Random numbers of normal distributions with that mean and deviation.',
  bernoulli: 'Ones with the probabilities that `self` holds, else zeros.',
  multinomial: 'Draws positions with the weights that each row of `self` holds.',
  tril: 'The part of a matrix on and below a diagonal, zeros above.',
  triu: 'The part of a matrix on and above a diagonal, zeros below.',
  complex: 'Complex numbers from their real and imaginary parts.',
  clone: 'A copy of its own memory; gradients pass through.',
});

const ARITHMETIC = own({
  add: 'Adds `other`, multiplied by `alpha`.',
  sub: 'Subtracts `other`, multiplied by `alpha`.',
  mul: 'Multiplies element by element.',
  div: "Divides; `roundingMode` 'trunc' cuts the quotient towards zero, 'floor' downwards.",
  remainder: 'The remainder with the sign of the divisor, as `%` in Python.',
  fmod: 'The remainder with the sign of the dividend, as `%` in JavaScript.',
  pow: 'Raises to a power.',
  square: 'Each element times itself.',
  sqrt: 'The square root.',
  rsqrt: 'One over the square root.',
  reciprocal: 'One over each element.',
  neg: 'Changes the sign.',
  abs: 'The absolute value.',
  sign: '-1, 0 or 1 by the sign.',
  exp: 'e to the power of each element.',
  expm1: 'e to the power of each element minus 1, exact near 0.',
  log: 'The natural logarithm.',
  log2: 'The logarithm to base 2.',
  log10: 'The logarithm to base 10.',
  log1p: 'The logarithm of 1 plus each element, exact near 0.',
  sin: 'The sine, of radians.',
  cos: 'The cosine, of radians.',
  tan: 'The tangent, of radians.',
  tanh: 'The hyperbolic tangent.',
  atan2: 'The angle of the point (`other`, `self`), in radians.',
  sigmoid: '1 / (1 + exp(-x)).',
  erf: 'The error function.',
  floor: 'Rounds down.',
  ceil: 'Rounds up.',
  round: 'Rounds to the nearest integer, halves to even ones; `decimals` places.',
  trunc: 'Cuts off the fraction.',
  clamp: 'Limits elements to what lies between `min` and `max`.',
  maximum: 'The larger of two elements.',
  minimum: 'The smaller of two elements.',
  lerp: 'Goes from `self` towards `end` by `weight`.',
  addcmul: '`self` + `value` * `tensor1` * `tensor2`.',
  addcdiv: '`self` + `value` * `tensor1` / `tensor2`.',
  where: '`self` where `condition` holds, else `other`; of a condition alone, the positions where it holds.',
  isnan: 'Whether elements are NaN.',
  isinf: 'Whether elements are infinite.',
  isfinite: 'Whether elements are neither NaN nor infinite.',
  nan_to_num: 'Replaces NaN and infinities by numbers.',
  eq: 'Whether elements are equal.',
  ne: 'Whether elements differ.',
  lt: 'Whether elements are less than `other`.',
  le: 'Whether elements are at most `other`.',
  gt: 'Whether elements are greater than `other`.',
  ge: 'Whether elements are at least `other`.',
  equal: 'Whether shapes and all elements are equal.',
  allclose: 'Whether all elements are equal within tolerances.',
  isclose: 'Whether elements are equal within tolerances.',
  logical_and: 'Whether both elements are other than zero.',
  logical_or: 'Whether one of both elements is other than zero.',
  logical_not: 'Whether elements are zero.',
  bitwise_and: 'The bits that both integers have.',
});

const REDUCING = own({
  sum: 'Sums over `dim`, or over everything.',
  prod: 'The product over `dim`, or of everything.',
  mean: 'The mean over `dim`, or of everything.',
  std: 'The standard deviation; `correction` is subtracted from the count (1).',
  var: 'The variance; `correction` is subtracted from the count (1).',
  max: 'The largest element; along `dim` also where it stands; of two tensors the larger elements.',
  min: 'The smallest element; along `dim` also where it stands; of two tensors the smaller elements.',
  amax: 'The largest elements along `dim`; gradients are shared by equal ones.',
  amin: 'The smallest elements along `dim`; gradients are shared by equal ones.',
  argmax: 'Where the largest element stands.',
  argmin: 'Where the smallest element stands.',
  median: 'The lower of the middle elements; along `dim` also where it stands.',
  quantile: 'The quantiles `q` of the elements.',
  all: 'Whether all elements hold.',
  any: 'Whether any element holds.',
  cumsum: 'Sums of all elements so far along `dim`.',
  cumprod: 'Products of all elements so far along `dim`.',
  logsumexp: 'The logarithm of the sum of exponentials, without overflow.',
  norm: 'The `p`-norm; `linalgVectorNorm` and `linalgMatrixNorm` are clearer about what they take.',
  topk: 'The `k` largest elements along `dim`, and where they stand.',
  sort: 'The elements in order along `dim`, and where they stood.',
  argsort: 'The positions that put the elements in order along `dim`.',
  unique_consecutive: 'The elements without repetitions beside each other.',
  bincount: 'How often each integer occurs.',
  histc: 'How many elements fall into each of `bins`.',
  count_nonzero: 'How many elements are other than zero.',
  nonzero: 'The positions of elements other than zero, one in each row.',
  cdist: 'Distances between the rows of two matrices.',
});

const SHAPING = own({
  reshape: 'Another shape, a view where possible; -1 stands for what is left.',
  permute: 'Puts the dimensions in another order; a view.',
  transpose: 'Swaps two dimensions; a view.',
  t: 'The transpose of a matrix; a view.',
  squeeze: 'Drops dimensions of size 1; a view.',
  unsqueeze: 'Puts in a dimension of size 1 at `dim`; a view.',
  flatten: 'Makes one dimension of those from `startDim` to `endDim`.',
  cat: 'Joins tensors along a dimension that they have.',
  stack: 'Joins tensors along a new dimension.',
  split: 'Views of pieces along `dim`: of one size, or of the sizes given.',
  chunk: 'Views of that many pieces along `dim`.',
  unbind: 'Views of all slices along `dim`.',
  narrow: 'A view of `length` elements from `start` along `dim`.',
  select: 'A view of the slice `index` along `dim`, which is dropped.',
  index_select: 'The slices at those positions along `dim`, copied.',
  gather: 'The elements at the positions that `index` gives along `dim`.',
  scatter: 'Writes `src` to the positions that `index` gives along `dim`.',
  scatter_add: 'Adds `src` at the positions that `index` gives along `dim`.',
  index_add: 'Adds the slices of `source` at those positions along `dim`.',
  masked_fill: 'One number where `mask` holds.',
  masked_select: 'The elements where `mask` holds, in one row.',
  take_along_dim: 'The elements at the positions `indices` along `dim`.',
  repeat_interleave: 'Each element repeated beside itself.',
  tile: 'The whole tensor repeated along its dimensions.',
  flip: 'Turns the order along those dimensions around; a copy.',
  roll: 'Shifts along dimensions; what falls off comes in at the other end.',
  movedim: 'Moves dimensions to other places; a view.',
  diag: 'A vector’s diagonal matrix, or a matrix’s diagonal.',
  meshgrid: 'The coordinates of a grid, one tensor for each axis.',
  broadcast_to: 'A view in which dimensions of size 1 are repeated.',
});

const PRODUCTS = own({
  matmul: 'The product of matrices, or of batches of them; vectors give inner products.',
  mm: 'The product of two matrices.',
  bmm: 'The products of two batches of matrices.',
  mv: 'A matrix times a vector.',
  dot: 'The inner product of two vectors.',
  outer: 'All products of the elements of two vectors.',
  addmm: '`beta` * `self` + `alpha` * `mat1` @ `mat2`.',
  baddbmm: '`beta` * `self` + `alpha` * `batch1` @ `batch2`.',
  einsum: "Sums of products as an equation says, such as 'bij,bjk->bik'.",
  tensordot: 'Sums products over several dimensions.',
  kron: 'The Kronecker product.',
});

const METHODS = inRoom('Tensor', '', {
  view: 'Another shape of the same memory; -1 stands for what is left.',
  expand: 'A view in which dimensions of size 1 are repeated; -1 leaves a size.',
  repeat: 'The whole tensor repeated along its dimensions; a copy.',
  detach: 'The same memory, cut from the graph.',
  contiguous: 'Elements in row-major order, copied if they are not.',
  fill_: 'Writes one number everywhere.',
  zero_: 'Writes zeros everywhere.',
  copy_: 'Writes the elements of `src`, converted and repeated as needed.',
  masked_fill_: 'Writes one number where `mask` holds.',
  index_put_: 'Writes `values` at positions given for each dimension.',
  uniform_: 'Random numbers between `from` and `to`.',
  normal_: 'Random numbers of a normal distribution.',
  unfold: 'A view of all windows of `size` along a dimension, `step` apart.',
});

const LAYERS = inRoom('nn.functional', '', {
  linear: 'x Wᵀ + b.',
  relu: 'max(x, 0).',
  gelu: "x Φ(x); `approximate: 'tanh'` for GPT-2's formula.",
  silu: 'x sigmoid(x).',
  leaky_relu: 'x, or `negativeSlope` * x below 0.',
  elu: 'x, or `alpha` * (exp(x) - 1) below 0.',
  softplus: 'log(1 + exp(`beta` x)) / `beta`.',
  softmax: 'Exponentials that sum to 1 along `dim`.',
  log_softmax: 'The logarithm of `softmax`, without underflow.',
  dropout: 'Zeroes elements with probability `p` in training and scales the rest.',
  embedding: 'The rows of `weight` at those ids.',
  one_hot: 'A one at the class of each element, zeros else.',
  layer_norm: 'Normalises over the last dimensions, then scales and shifts.',
  rms_norm: 'Divides by the root of the mean square over the last dimensions, then scales.',
  group_norm: 'Normalises groups of channels.',
  batch_norm: 'Normalises each channel over the batch, or by running statistics.',
  scaled_dot_product_attention: 'softmax(Q Kᵀ / √d) V, with a mask, causal or not.',
  conv1d: 'Convolution over one dimension.',
  conv2d: 'Convolution over images.',
  conv3d: 'Convolution over volumes.',
  max_pool2d: 'The largest element of each window of an image.',
  avg_pool2d: 'The mean of each window of an image.',
  adaptive_avg_pool2d: 'Means over windows that give an image of that size.',
  pad: 'Adds elements at the ends of the last dimensions, the last one first.',
  mse_loss: 'The mean of squared differences.',
  l1_loss: 'The mean of absolute differences.',
  smooth_l1_loss: 'Squared near 0, absolute beyond `beta`.',
  huber_loss: 'Squared near 0, `delta` times absolute beyond.',
  binary_cross_entropy: 'The cross entropy of probabilities with targets from 0 to 1.',
  binary_cross_entropy_with_logits: 'As `binaryCrossEntropy`, of logits, without overflow.',
  nll_loss: 'Minus the log-probabilities of the target classes, averaged.',
  kl_div: 'The Kullback-Leibler divergence; `self` holds log-probabilities.',
  ctc_loss: 'Connectionist temporal classification, for sequences without alignment.',
  cosine_similarity: 'The cosine of the angle between vectors along `dim`.',
});

const LINEAR_ALGEBRA = inRoom('linalg', 'linalg_', {
  norm: 'A norm of a vector or matrix.',
  vector_norm: 'The norm of vectors, over any dimensions.',
  inv: 'The inverse of a matrix.',
  det: 'The determinant.',
  solve: 'The solution X of A X = B.',
  svd: 'The singular value decomposition.',
  eigh: 'Eigenvalues and eigenvectors of a Hermitian matrix.',
  qr: 'An orthogonal times an upper triangular matrix.',
  cholesky: 'The lower triangular root of a positive definite matrix.',
  lstsq: 'The least-squares solution.',
});

const LINES: ReadonlyMap<string, Line> = new Map([
  ...[MAKING, ARITHMETIC, REDUCING, SHAPING, PRODUCTS, METHODS, LAYERS, LINEAR_ALGEBRA].flatMap(Object.entries),
  ['cross_entropy_loss', ['nn.functional.cross_entropy', 'The cross entropy of logits with classes or probabilities.']],
  ['cosine_embedding_loss', ['nn.functional.cosine_embedding_loss', 'Near for a target of 1, far apart for -1.']],
  ['constant_pad_nd', ['nn.functional.pad', 'Adds one number at the ends of the last dimensions, the last one first.']],
] as [string, Line][]);

/** For tests: the operators that have a line. */
export const describedOperators = (): string[] => [...LINES.keys()];

/** The line and page of an operator as libtorch names it, also of its form in place; undefined for most. */
export function lineOf(name: string): { line: string; page: string } | undefined {
  const page = (path: string) => `https://docs.pytorch.org/docs/stable/generated/torch.${path}.html`;
  const found = LINES.get(name);
  if (found) return { page: page(found[0]), line: found[1] };
  const plain = name.endsWith('_') ? LINES.get(name.slice(0, -1)) : undefined;
  if (!plain) return undefined;
  const own = plain[0].startsWith('nn.') ? plain[0] : `Tensor.${name}`;
  return { page: page(own), line: `In place: ${plain[1]}` };
}
