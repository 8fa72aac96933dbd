// The choice of an action, seen from compiled code.
#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <vector>

#include "d2nn/module.h"
#include "exec/frame_state.h"
#include "fake_module.h"

namespace {

/// A frame of four rows with the two control nodes of the fake module.
struct Decisions {
  Decisions() {
    state.module = fork_module();
    frame.actions = actions.data();
    frame.capacity = 4;
    frame.state = &state;
  }
  std::array<std::int32_t, 8> actions{-1, -1, -1, -1, -1, -1, -1, -1};
  d2nn_frame_state state;
  d2nn_frame frame{};
};

/// Takes action 1 for every row and remembers how it was asked.
class AlwaysSecond final : public d2nn::exec::DecisionPolicy {
 public:
  d2nn_status decide(d2nn_frame& frame, std::uint32_t control, const float* scores, std::int64_t stride,
                     const std::int32_t* rows, std::int64_t count) noexcept override {
    for (std::int64_t i = 0; i < count; ++i) {
      frame.actions[control * frame.capacity + rows[i]] = 1;
      last_score = scores[rows[i] * stride];
    }
    return D2NN_OK;
  }
  float last_score = 0;
};

}  // namespace

TEST_CASE("the best score wins, ties go to the first action, rows that are not listed keep what they had") {
  Decisions d;
  const std::vector<float> scores{1, 2, 0, 3, 3, 0, 9, 9, 0, -2, -1, 0};  // stride 3
  const std::array<std::int32_t, 3> rows{0, 1, 3};
  CHECK(d2nn_rt_decide(&d.frame, 1, scores.data(), 3, rows.data(), 3) == D2NN_OK);
  CHECK(d.actions == std::array<std::int32_t, 8>{-1, -1, -1, -1, 1, 0, -1, 1});
}

TEST_CASE("one row gives its action and leaves it in the frame") {
  Decisions d;
  const std::array<float, 2> scores{-5, -4};
  CHECK(d2nn_rt_decide_one(&d.frame, 0, scores.data()) == 1);
  CHECK(d.actions[0] == 1);
}

TEST_CASE("zero and minus zero are a tie") {
  Decisions d;
  const std::array<float, 2> scores{-0.0f, 0.0f};
  CHECK(d2nn_rt_decide_one(&d.frame, 0, scores.data()) == 0);
}

TEST_CASE("scores that are not finite are refused, and the first row in batch order is recorded") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinite = std::numeric_limits<float>::infinity();
  Decisions d;
  const std::vector<float> scores{1, 0, 1, infinite, nan, 0, 2, 3};
  const std::array<std::int32_t, 4> rows{3, 2, 1, 0};
  CHECK(d2nn_rt_decide(&d.frame, 0, scores.data(), 2, rows.data(), 4) == D2NN_NONFINITE_CONTROL);
  CHECK(d.state.failure.row == 1);
  CHECK(d.state.failure.control == 0);
  CHECK(d.state.failure.action == 1);
  CHECK(d.state.failure.score == infinite);
  CHECK(d.actions[0] == -1);

  Decisions one;
  CHECK(d2nn_rt_decide_one(&one.frame, 0, scores.data() + 4) == -1 - D2NN_NONFINITE_CONTROL);
}

TEST_CASE("a policy decides in place of the best score, but never sees scores that are not finite") {
  AlwaysSecond policy;
  Decisions d;
  d.state.policy = &policy;
  const std::array<float, 2> scores{7, 1};
  CHECK(d2nn_rt_decide_one(&d.frame, 0, scores.data()) == 1);
  CHECK(policy.last_score == 7);
  const std::array<float, 2> bad{std::numeric_limits<float>::quiet_NaN(), 1};
  CHECK(d2nn_rt_decide_one(&d.frame, 0, bad.data()) == -1 - D2NN_NONFINITE_CONTROL);
  CHECK(policy.last_score == 7);
}
