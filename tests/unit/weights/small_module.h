// A module that has parameters and nothing else, as much as the weights room looks at.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "d2nn/module.h"

namespace d2nn::testing {

/// Builds d2nn_module::parameters, offsets in order. Move and copy are off: the module points into it.
class SmallModule {
 public:
  struct Parameter {
    std::string name;
    std::vector<std::int64_t> shape;
    bool is_variance = false;
  };
  explicit SmallModule(std::vector<Parameter> parameters);
  SmallModule(const SmallModule&) = delete;
  SmallModule& operator=(const SmallModule&) = delete;

  const d2nn_module& get() const { return module_; }
  d2nn_module& get() { return module_; }

 private:
  std::vector<Parameter> described_;
  std::vector<d2nn_parameter> parameters_;
  d2nn_module module_ = {};
};

}  // namespace d2nn::testing
