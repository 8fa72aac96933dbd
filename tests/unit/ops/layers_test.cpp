// The definitions as a whole: names, defaults and signatures say the same thing once.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "ops/layer.h"
#include "ops/per_kernel.h"

using namespace d2nn::ops;

namespace {

std::string text(const char* name, const Arguments& given) {
  const Layer& row = layer(name);
  return arguments_text(row.params, complete(row.params, given));
}

}  // namespace

TEST_CASE("every layer is found by its name if and only if a pipeline can name it") {
  std::set<std::string> names;
  for (const Layer* row : layers()) {
    CAPTURE(row->name);
    CHECK(names.insert(row->name).second);
    CHECK(find_layer(row->name) == (row->is_in_pipelines ? row : nullptr));
    CHECK(&layer(row->name) == row);
    CHECK(std::string(row->doc).back() == '.');
    CHECK((row->kernel == Kernel::expression) == (row->meaning != nullptr));
  }
  CHECK(find_layer("convolution") == nullptr);
  CHECK(find_layer("") == nullptr);
  CHECK_THROWS_AS(layer("convolution"), std::logic_error);
}

TEST_CASE("every default can be read, is of its parameter's type, and stands behind the required parameters") {
  for (const Layer* row : layers()) {
    bool optional_seen = false;
    Arguments required;
    for (const ParamInfo& param : row->params) {
      CAPTURE(row->name);
      CAPTURE(param.name);
      if (param.fallback != nullptr) {
        optional_seen = true;
        continue;
      }
      CHECK_FALSE(optional_seen);
      const Argument values[]{Extent{},   std::int64_t{1},  true,   1.0,          Integers{1},
                              Numbers{1}, IntegerList{{1}}, Word(), StartValues{}};
      required.set(param.name, values[static_cast<std::size_t>(param.type)]);
    }
    const Arguments all = complete(row->params, required);
    for (const ParamInfo& param : row->params) {
      CAPTURE(param.name);
      REQUIRE(all.has(param.name));
      CHECK(all.find(param.name)->index() == static_cast<std::size_t>(param.type));
      if (param.type == ParamType::word && param.fallback != nullptr) {
        CHECK(std::ranges::count(param.choices, all.word(param.name)) == 1);
      }
    }
  }
}

TEST_CASE("arguments print as they would be written, defaults left out") {
  Arguments conv;
  conv.set("kernel", Extent{3, 3});
  conv.set("filters", 8);
  CHECK(text("conv", conv) == "3, 8");
  conv.set("kernel", Extent{3, 5});
  conv.set("stride", Extent{2, 2});
  conv.set("pad", Extent{1, 2});
  conv.set("bias", false);
  CHECK(text("conv", conv) == "3x5, 8, stride: 2, pad: 1x2, bias: false");
  Arguments pool;
  pool.set("kernel", Extent{2, 2});
  pool.set("stride", Extent{2, 2});
  CHECK(text("max_pool", pool) == "2");
  pool.set("stride", Extent{1, 1});
  CHECK(text("max_pool", pool) == "2, stride: 1");
  Arguments other;
  other.set("dims", Integers{1, 28, 28});
  other.set("mean", Numbers{0.5, 1});
  other.set("std", Numbers{0.25, 2});
  CHECK(text("reshape", other) == "1x28x28");
  CHECK(text("normalize", other) == "[0.5, 1.0], [0.25, 2.0]");
  CHECK(text("relu", other).empty());
}

TEST_CASE("how a learned tensor starts prints as it is written") {
  Arguments given;
  given.set("dims", Integers{1, 64});
  CHECK(text("parameter", given) == "1x64");
  given.set("start", StartValues{Start::ones});
  CHECK(text("parameter", given) == "1x64, start: ones");
  given.set("start", StartValues{Start::normal, 0.02});
  CHECK(text("parameter", given) == "1x64, start: normal(0.02)");
}

TEST_CASE("lists of ints and words print as they are written, and a word stands for itself") {
  static constexpr const char* modes[]{"nearest", "scale"};
  const ParamInfo params[]{
      {"axes", ParamType::integers, nullptr, ""},
      {"scale", ParamType::integer, "2", ""},
      {.name = "mode", .type = ParamType::word, .fallback = "scale", .doc = "", .choices = modes},
  };
  Arguments given;
  given.set("axes", IntegerList{{1, 2}});
  const Arguments usual = complete(params, given);
  CHECK(usual.integers("axes") == Integers{1, 2});
  CHECK(usual.word("mode") == "scale");  // not the parameter's value
  CHECK(arguments_text(params, usual) == "[1, 2]");
  given.set("mode", "nearest").set("scale", 3);
  CHECK(arguments_text(params, complete(params, given)) == "[1, 2], scale: 3, mode: nearest");
  CHECK(signature_text("resize", params) == "resize(axes, scale: 2, mode: scale)");
  CHECK(choices_text(modes) == "`nearest` or `scale`");
}

namespace {
constexpr auto kernels = per_kernel<Kernel>({
    {Kernel::conv, Kernel::conv},
    {Kernel::conv_transpose, Kernel::conv_transpose},
    {Kernel::dense, Kernel::dense},
    {Kernel::matmul, Kernel::matmul},
    {Kernel::attention, Kernel::attention},
    {Kernel::max_pool, Kernel::max_pool},
    {Kernel::avg_pool, Kernel::avg_pool},
    {Kernel::top, Kernel::top},
    {Kernel::batch_norm, Kernel::batch_norm},
    {Kernel::normalize, Kernel::normalize},
    {Kernel::dropout, Kernel::dropout},
    {Kernel::copy, Kernel::copy},
    {Kernel::concat, Kernel::concat},
    {Kernel::expression, Kernel::expression},
});
}  // namespace

TEST_CASE("per_kernel puts each value at its kernel, whatever the order of the rows") {
  for (std::size_t i = 0; i < kernel_count; ++i) CHECK(kernels[i] == static_cast<Kernel>(i));
}
