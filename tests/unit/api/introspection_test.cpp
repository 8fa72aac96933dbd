// Looking at a module through the C interface, with right and with wrong arguments; names of statuses; long messages.
#include <doctest/doctest.h>

#include <new>
#include <set>
#include <stdexcept>
#include <string>

#include "api/errors.h"
#include "d2nn/d2nn.h"
#include "d2nn/module.h"
#include "fake_module.h"

TEST_CASE("a module tells its name, costs, tensors, nodes and actions") {
  const d2nn_module* module = fork_module();
  CHECK(d2nn_abi_version() == D2NN_ABI_VERSION);
  CHECK(std::string(d2nn_version()).find('.') != std::string::npos);
  CHECK(std::string(d2nn_module_name(module)) == "fork");
  CHECK(std::string(d2nn_module_doc(module)).find("Two decisions") == 0);
  CHECK(std::string(d2nn_module_compiler_version(module)) == "by hand");
  CHECK(std::string(d2nn_module_target(module)) == "any");
  CHECK(std::string(d2nn_module_path_count(module)) == "4");
  CHECK(d2nn_module_least_cost(module) == 26);
  CHECK(d2nn_module_greatest_cost(module) == 36);
  CHECK(d2nn_module_has_weights(module) == 1);
  CHECK(d2nn_module_has_training(module) == 0);

  REQUIRE(d2nn_module_input_count(module) == 2);
  const d2nn_tensor_info* x = d2nn_module_input(module, 0);
  CHECK(std::string(x->name) == "x");
  CHECK(std::string(x->doc) == "what Q sees");
  CHECK(x->rank == 1);
  CHECK(x->dims[0] == 4);
  CHECK(x->elements == 4);
  REQUIRE(d2nn_module_output_count(module) == 3);
  CHECK(std::string(d2nn_module_output(module, 2)->name) == "filled");
  REQUIRE(d2nn_module_parameter_count(module) == 11);
  CHECK(std::string(d2nn_module_parameter(module, 2)->name) == "Q.dense1.weight");
  CHECK(d2nn_module_parameter(module, 2)->rank == 2);

  REQUIRE(d2nn_module_node_count(module) == 6);
  CHECK(std::string(d2nn_module_node_name(module, 5)) == "N4");
  CHECK(std::string(d2nn_module_node_doc(module, 0)) == "the stem");
  CHECK(d2nn_module_node_kind(module, 0) == D2NN_NODE_REGULAR);
  CHECK(d2nn_module_node_kind(module, 4) == D2NN_NODE_CONTROL);
  CHECK(d2nn_module_node_cost(module, 5) == 8);

  REQUIRE(d2nn_module_control_count(module) == 2);
  CHECK(d2nn_module_control_node(module, 1) == 4);
  REQUIRE(d2nn_module_action_count(module, 1) == 2);
  CHECK(std::string(d2nn_module_action_name(module, 1, 1)) == "stop");
}

TEST_CASE("an index out of range gives NULL, 0 or -1") {
  const d2nn_module* module = fork_module();
  CHECK(d2nn_module_input(module, 2) == nullptr);
  CHECK(d2nn_module_output(module, SIZE_MAX) == nullptr);
  CHECK(d2nn_module_parameter(module, 11) == nullptr);
  CHECK(d2nn_module_node_name(module, 6) == nullptr);
  CHECK(d2nn_module_node_doc(module, 6) == nullptr);
  CHECK(d2nn_module_node_kind(module, 6) == D2NN_NODE_REGULAR);
  CHECK(d2nn_module_node_cost(module, 6) == -1);
  CHECK(d2nn_module_control_node(module, 2) == SIZE_MAX);
  CHECK(d2nn_module_action_count(module, 2) == 0);
  CHECK(d2nn_module_action_name(module, 0, 2) == nullptr);
  CHECK(d2nn_module_action_name(module, 2, 0) == nullptr);
}

TEST_CASE("no module is an empty one") {
  CHECK(d2nn_module_name(nullptr) == nullptr);
  CHECK(d2nn_module_doc(nullptr) == nullptr);
  CHECK(d2nn_module_path_count(nullptr) == nullptr);
  CHECK(d2nn_module_least_cost(nullptr) == -1);
  CHECK(d2nn_module_has_weights(nullptr) == 0);
  CHECK(d2nn_module_input_count(nullptr) == 0);
  CHECK(d2nn_module_input(nullptr, 0) == nullptr);
  CHECK(d2nn_module_node_count(nullptr) == 0);
  CHECK(d2nn_module_node_name(nullptr, 0) == nullptr);
  CHECK(d2nn_module_control_count(nullptr) == 0);
  CHECK(d2nn_module_action_name(nullptr, 0, 0) == nullptr);
}

TEST_CASE("every status has a name of its own, and a number that is none has one too") {
  std::set<std::string> names;
  for (int code = D2NN_OK; code <= D2NN_INTERNAL_ERROR; ++code)
    names.insert(d2nn_status_name(static_cast<d2nn_status>(code)));
  CHECK(names.size() == D2NN_INTERNAL_ERROR + 1);
  CHECK(names.count("unknown status") == 0);
  CHECK(std::string(d2nn_status_name(static_cast<d2nn_status>(15))) == "unknown status");
}

TEST_CASE("a message longer than its memory is cut between characters and says so") {
  d2nn::api::ErrorText error;
  error.set(std::string(1023, 'a'));
  CHECK(std::string(error.text()) == std::string(1023, 'a'));
  std::string accents;
  for (int i = 0; i < 600; ++i) accents += "é";
  error.set(accents);
  CHECK(std::string(error.text()) == accents.substr(0, 1020) + "...");
  error.set("a" + accents);
  CHECK(std::string(error.text()) == "a" + accents.substr(0, 1018) + "...");
}

TEST_CASE("whatever is thrown inside becomes a status") {
  using d2nn::Status;
  using d2nn::api::guard;
  CHECK(guard(nullptr, []() -> Status { throw std::bad_alloc(); }) == D2NN_OUT_OF_MEMORY);
  CHECK(std::string(d2nn_last_error()) == "out of memory");
  CHECK(guard(nullptr, []() -> Status { throw std::runtime_error("the reason"); }) == D2NN_INTERNAL_ERROR);
  CHECK(std::string(d2nn_last_error()) == "the reason");
  CHECK(guard(nullptr, []() -> Status { throw 7; }) == D2NN_INTERNAL_ERROR);
  CHECK(guard(nullptr, []() -> Status { return {}; }) == D2NN_OK);
}
