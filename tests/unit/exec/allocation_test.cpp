// A run allocates nothing, whatever paths are taken: everything was made with the context.
#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <vector>

#include "allocation_count.h"
#include "exec/context.h"
#include "exec/model.h"
#include "fake_module.h"
#include "fork_network.h"

using d2nn::exec::Context;
using d2nn::exec::Model;
using d2nn::tests::allocations;
using d2nn::tests::ForkBatch;

TEST_CASE("the counter sees allocations") {
  const std::size_t before = allocations();
  auto memory = std::make_unique<std::array<int, 100>>();
  CHECK(memory->size() == 100);
  CHECK(allocations() > before);
}

TEST_CASE("a run allocates nothing, from the first one on, at any batch size and number of threads") {
  const auto model = Model::create(*fork_module(), nullptr);
  REQUIRE(model.ok());
  for (std::size_t threads : {1u, 2u, 4u}) {
    const auto context = Context::create(**model, 64, threads);
    REQUIRE(context.ok());
    for (std::size_t size : {1u, 3u, 4u, 17u, 64u}) {
      ForkBatch batch(size, static_cast<std::uint32_t>(size));
      const auto inputs = batch.inputs();
      const auto outputs = batch.outputs();
      const auto valid = batch.validity();
      const d2nn_trace trace = {sizeof(trace), batch.actions.data(), batch.executed.data(), batch.cost.data()};
      const std::size_t before = allocations();
      const d2nn::Status status = (*context)->run({.batch = size,
                                                   .inputs = inputs.data(),
                                                   .outputs = outputs.data(),
                                                   .valid = valid.data(),
                                                   .trace = &trace,
                                                   .threads = 0});
      const std::size_t after = allocations();
      REQUIRE(status.ok());
      CHECK(after - before == 0);
      CHECK(batch.wrong_samples() == 0);
    }
  }
}
