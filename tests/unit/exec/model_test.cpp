// What a model refuses, each with a sentence that says what to do.
#include "exec/model.h"

#include <doctest/doctest.h>

#include <cstring>
#include <limits>
#include <vector>

#include "fake_module.h"

using d2nn::exec::Model;

namespace {

std::string refusal(const d2nn_module& module) {
  const auto model = Model::create(module, nullptr);
  CHECK(!model.ok());
  CHECK(model.status().code() == D2NN_INVALID_MODULE);
  return model.status().message();
}

}  // namespace

TEST_CASE("a module of another layout is refused before anything else of it is read") {
  d2nn_module module = *fork_module();
  module.layout = 77;
  module.name = nullptr;
  CHECK(refusal(module) == "the module has layout 77, this runtime reads layout " + std::to_string(D2NN_MODULE_LAYOUT) +
                               ": build the module again with the d2nn that this runtime belongs to");
}

TEST_CASE("a module for another version of the interface or another processor is refused by name") {
  d2nn_module module = *fork_module();
  module.abi_version = 9;
  CHECK(refusal(module) ==
        "the module `fork` was built for version 9 of the C interface, this runtime has version 2: build the module "
        "again");
#if defined(__x86_64__)
  module = *fork_module();
  module.target_cpu = "bdver4";
  module.target_features = "+sse2,+xop,+tbm";  // withdrawn by their only maker
  CHECK(refusal(module) ==
        "the module `fork` was compiled for the processor `bdver4`; this one lacks xop, tbm: build the module with a "
        "--cpu "
        "that fits");
#endif
}

TEST_CASE("a damaged module is refused") {
  d2nn_module module = *fork_module();
  module.forward_tile = nullptr;
  CHECK(refusal(module) == "the module `fork` is damaged: it has no code");
  module = *fork_module();
  module.tile_rows = 0;
  CHECK(refusal(module) == "the module `fork` is damaged: its tiles have 0 rows");
  module = *fork_module();
  module.flag_count = 2;
  CHECK(refusal(module) == "the module `fork` is damaged: it has fewer flags than nodes");
}

TEST_CASE("a module whose tensors are of another element type is refused by the name of the tensor") {
  const std::string wanted =
      " holds elements of type 7, and this runtime computes f32 (type 1) alone: build the module again with the d2nn "
      "that this runtime belongs to";
  const d2nn_module& fork = *fork_module();
  d2nn_module module = fork;
  std::vector<d2nn_tensor_info> inputs(fork.inputs, fork.inputs + fork.input_count);
  std::memcpy(&inputs[1].element_type, "\7\0\0\0", 4);
  module.inputs = inputs.data();
  CHECK(refusal(module) == "the module `fork`: input `y`" + wanted);
  module = fork;
  std::vector<d2nn_tensor_info> outputs(fork.outputs, fork.outputs + fork.output_count);
  outputs[2].size_bytes = 4;
  module.outputs = outputs.data();
  CHECK(refusal(module) == "the module `fork`: output `filled` of 2 elements has 4 bytes");
  module = fork;
  std::vector<d2nn_parameter> parameters(fork.parameters, fork.parameters + fork.parameter_count);
  std::memcpy(&parameters[3].tensor.element_type, &inputs[1].element_type, 4);
  module.parameters = parameters.data();
  CHECK(refusal(module) == "the module `fork`: parameter `Q.dense1.bias`" + wanted);
  module = fork;
  std::vector<d2nn_buffer> buffers(fork.buffers, fork.buffers + fork.buffer_count);
  buffers[5].element_type = 7;
  module.buffers = buffers.data();
  CHECK(refusal(module) == "the module `fork`: buffer 5" + wanted);
}

TEST_CASE("weights are packed in the layout that the ops ask for, at 64-byte boundaries") {
  const auto model = Model::create(*fork_module(), nullptr);
  REQUIRE(model.ok());
  std::size_t offset = 0;
  for (std::size_t op = 0; op < fork_module()->op_count; ++op) {
    const float* packed = (*model)->packed()[op];
    REQUIRE(packed != nullptr);
    CHECK(reinterpret_cast<std::uintptr_t>(packed) % 64 == 0);
    CHECK(packed[0] == fork_weights[offset]);
    CHECK((*model)->library_op(op) == nullptr);
    const d2nn_op& o = fork_module()->ops[op];
    offset += static_cast<std::size_t>(o.in_c * o.out_c + (o.params[1] == D2NN_NO_INDEX ? 0 : o.out_c));
  }
  CHECK(offset == FORK_WEIGHTS);
  CHECK((*model)->packed_bytes() >= FORK_WEIGHTS * sizeof(float));
}

TEST_CASE("weights that are not finite are refused, and so is a module without any") {
  const d2nn_module& fork = *fork_module();
  const char* bytes = static_cast<const char*>(fork.embedded_weights);
  std::vector<char> file(bytes, bytes + fork.embedded_size);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::memcpy(file.data() + file.size() - sizeof(float), &nan, sizeof(float));
  const d2nn_weights_source source = {sizeof(source), D2NN_WEIGHTS_MEMORY, nullptr, file.data(), file.size()};
  const auto damaged = Model::create(fork, &source);
  CHECK(damaged.status().code() == D2NN_INVALID_WEIGHTS);
  CHECK(damaged.status().message().find("N4.dense1.bias") != std::string::npos);

  d2nn_module bare = fork;
  bare.embedded_weights = nullptr;
  bare.embedded_size = 0;
  const auto model = Model::create(bare, nullptr);
  CHECK(!model.ok());
  CHECK(model.status().message().find("fork") != std::string::npos);
}
