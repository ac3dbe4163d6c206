/** Libraries beside the addon for a libtorch with CUDA; those that could be built are opened before it, in this order. */
export const PARTS: readonly { name: string; library: string; without: string }[];
