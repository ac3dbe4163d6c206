'use strict';

/**
 * What is built of native/cuda/ for a libtorch with CUDA, each a library of its own: what it is called by, its file, what it
 * is made of, the headers or the command that this takes, and what happens without it. They are opened in this order.
 */
const PARTS = [
  { name: 'kernels', library: 'soo_cuda.so', nvcc: true, sources: ['nf4.cu'], without: 'operators do their work' },
  {
    name: 'graphs',
    library: 'soo_cuda_graphs.so',
    headers: ['cuda_runtime_api.h'],
    sources: ['graphs.cc'],
    without: 'every step of decoding is launched operator by operator',
  },
  {
    name: 'collectives',
    library: 'soo_nccl.so',
    headers: ['cuda_runtime_api.h', 'cusparse.h', 'cublas_v2.h', 'nccl.h'],
    defines: ['USE_C10D_NCCL'],
    sources: ['nccl.cc'],
    without: 'ranks carry tensors through the processor',
  },
];

module.exports = { PARTS };
