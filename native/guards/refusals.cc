#include "guards/guards.h"

#include <unordered_map>

namespace soo {

namespace {

const char kStep[] =
    "it is a step inside of other operators that trusts its arguments, and would crash with wrong ones";
const char kPacked[] =
    "it takes or makes weights in a packed form that any other tensor can pass for, which would crash";
const char kOpaque[] = "it makes tensors in MKL-DNN's own form, which crash operators that expect plain memory";

const std::unordered_map<std::string, const char*>& refusals() {
  static const std::unordered_map<std::string, const char*> table{
      {"_add_batch_dim", kStep},
      {"_batch_norm_impl_index_backward", kStep},
      {"_cdist_backward", kStep},
      {"_cholesky_solve_helper", kStep},
      {"_chunk_cat", kStep},
      {"_compute_linear_combination", kStep},
      {"_convert_indices_from_coo_to_csr", kStep},
      {"_convert_indices_from_csr_to_coo", kStep},
      {"_ctc_loss_backward", kStep},
      {"_cummax_helper", kStep},
      {"_cummin_helper", kStep},
      {"_embedding_bag_backward", kStep},
      {"_embedding_bag_dense_backward", kStep},
      {"_embedding_bag_per_sample_weights_backward", kStep},
      {"_embedding_bag_sparse_backward", kStep},
      {"_fused_moving_avg_obs_fq_helper", kStep},
      {"_fused_moving_avg_obs_fq_helper_functional", kStep},
      {"_grid_sampler_2d_cpu_fallback_backward", kStep},
      {"_nested_compute_contiguous_strides_offsets", kStep},
      {"_nested_from_padded", kStep},
      {"_new_zeros_with_same_feature_meta", kStep},
      {"_nnpack_spatial_convolution", kStep},
      {"_pdist_backward", kStep},
      {"_pdist_forward", kStep},
      {"_remove_batch_dim", kStep},
      {"_reshape_alias", kStep},
      {"_reshape_alias_copy", kStep},
      {"_saturate_weight_to_fp16", kStep},
      {"_scaled_dot_product_flash_attention_for_cpu", kStep},
      {"_scaled_dot_product_flash_attention_for_cpu_backward", kStep},
      {"_segment_reduce_backward", kStep},
      {"_slow_conv2d_backward", kStep},
      {"_stack", kStep},
      {"_thnn_differentiable_gru_cell_backward", kStep},
      {"_thnn_differentiable_lstm_cell_backward", kStep},
      {"_transform_bias_rescale_qkv", kStep},
      {"_weight_norm_differentiable_backward", kStep},
      {"_weight_norm_interface_backward", kStep},
      {"choose_qparams_optimized", kStep},
      {"fused_moving_avg_obs_fake_quant", kStep},
      {"mkldnn_rnn_layer", kStep},
      {"mkldnn_rnn_layer_backward", kStep},
      {"_dyn_quant_matmul_4bit", kPacked},
      {"_dyn_quant_pack_4bit_weight", kPacked},
      {"fbgemm_linear_fp16_weight", kPacked},
      {"fbgemm_linear_fp16_weight_fp32_activation", kPacked},
      {"fbgemm_linear_int8_weight", kPacked},
      {"fbgemm_linear_int8_weight_fp32_activation", kPacked},
      {"fbgemm_linear_quantize_weight", kPacked},
      {"fbgemm_pack_gemm_matrix_fp16", kPacked},
      {"fbgemm_pack_quantized_matrix", kPacked},
      {"quantized_gru_cell", kPacked},
      {"quantized_lstm_cell", kPacked},
      {"quantized_rnn_relu_cell", kPacked},
      {"quantized_rnn_tanh_cell", kPacked},
      {"mkldnn_reorder_conv2d_weight", kOpaque},
      {"mkldnn_reorder_conv3d_weight", kOpaque},
      {"to_mkldnn", kOpaque},
  };
  return table;
}

}  // namespace

std::string refusal_of(const std::string& full_name) {
  const auto found = refusals().find(full_name.substr(0, full_name.find('.')));
  return found == refusals().end() ? "" : found->second;
}

}  // namespace soo
