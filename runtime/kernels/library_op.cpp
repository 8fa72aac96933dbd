// Which kernel an op gets was decided by the compiler (codegen/kernel_choice.cpp): transposed convolutions run by our
// own loops, convolutions by Winograd's algorithm.
#include "kernels/library_op.h"

#include <new>
#include <string>

#include "kernels/plane_conv_op.h"
#include "kernels/winograd.h"

namespace d2nn::kernels {
namespace {

std::string name_of(const d2nn_op& op) {
  return op.label ? std::string("`") + op.label + "`" : std::string("an op without a label");
}

/// Runs `make` and turns what the library throws into a Status that names the op.
template <class T, class F>
Result<std::unique_ptr<T>> guarded(const std::string& what, F make) {
  try {
    return make();
  } catch (const std::bad_alloc&) {
    return Status(D2NN_OUT_OF_MEMORY, "not enough memory for the kernel of " + what);
  } catch (const dnnl::error& error) {
    return Status(error.status == dnnl_out_of_memory ? D2NN_OUT_OF_MEMORY : D2NN_INTERNAL_ERROR,
                  "the kernel library refused " + what + ": " + error.what());
  }
}

/// The compiler asks for Winograd's algorithm where it knows the library to have it. A library that lacks it all the
/// same gives correct results more slowly.
std::unique_ptr<LibraryOp> make_conv(const d2nn_op& op, const float* weight, const float* bias) {
  try {
    return make_guarded_conv(op, onednn::Algorithm::winograd, weight, bias);
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_out_of_memory) throw;
    return make_plane_conv(op, weight, bias);
  }
}

}  // namespace

Result<std::unique_ptr<LibraryOp>> LibraryOp::create(const d2nn_op& op, const float* weight, const float* bias) {
  if (op.kind != D2NN_OP_CONV && op.kind != D2NN_OP_CONV_TRANSPOSE)
    return Status(D2NN_INVALID_MODULE,
                  name_of(op) + " is no conv or conv_transpose layer; the kernel library has no other ops");
  return guarded<LibraryOp>(name_of(op), [&] {
    return op.kind == D2NN_OP_CONV ? make_conv(op, weight, bias) : make_plane_conv(op, weight, bias);
  });
}

Result<std::unique_ptr<LibraryCall>> LibraryCall::create(const LibraryOp& op) {
  return guarded<LibraryCall>("a library op", [&] { return op.new_call(); });
}

}  // namespace d2nn::kernels
