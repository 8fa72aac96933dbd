// That a network is analysed once on its way, and again only where it became another one.
#include <doctest/doctest.h>

#include <string>

#include "driver/build.h"
#include "driver/fix_decisions.h"

using namespace d2nn;

namespace {

const std::string program =
    "network n { input x: f32[4]; node A { dense(3) } node B { dense(5) -> dense(3) } control Q { dense(actions) }\n"
    " output y: f32[3] join last; x -> A, B, Q; A, B -> y; Q ~> a: A, b: B; }";

driver::Checked checked_for(const paths::Questions& questions) {
  sema::CheckOptions options;
  options.questions = questions;
  driver::Checked checked = driver::check_text("test.d2nn", program, options);
  REQUIRE(checked.programs.size() == 1);
  REQUIRE(checked.analyses.size() == 1);
  return checked;
}

}  // namespace

TEST_CASE("checking answers what it was asked, and what was answered is not analysed again") {
  const paths::Questions questions = driver::questions_of_build({});
  driver::Checked checked = checked_for(questions);
  REQUIRE(paths::answers(checked.analyses[0], questions));
  CHECK(checked.analyses[0].path_count == "2");
  CHECK(checked.analyses[0].uses);
  CHECK(checked.analyses[0].remaining_costs);
  checked.analyses[0].path_count = "known";
  driver::analyse(checked, questions);
  driver::analyse(checked, paths::null_values);
  CHECK(checked.analyses[0].path_count == "known");
}

TEST_CASE("what was not asked, asked otherwise or of another program is analysed when it is needed") {
  driver::Checked checked = checked_for(paths::null_values);
  CHECK(checked.analyses[0].path_count.empty());
  CHECK_FALSE(checked.analyses[0].uses);
  driver::analyse(checked, driver::questions_of_build({}));
  CHECK(checked.analyses[0].path_count == "2");
  CHECK(checked.analyses[0].uses);

  passes::PassSet passes;
  passes.disable(passes::Pass::move_into_branch);
  CHECK_FALSE(paths::answers(checked.analyses[0], driver::questions_of_build(passes)));

  REQUIRE(driver::fix_decisions(checked, {{"Q", "a"}}));
  driver::analyse(checked, driver::questions_of_build({}));
  CHECK(checked.analyses.at(0).path_count == "1");
}
