// Holds the made page to the table it is made from.
#include "ops/op_docs.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

TEST_CASE("docs/ops.md is what the op table says") {
  const char* root = std::getenv("D2NN_SOURCE_DIR");
  REQUIRE_MESSAGE(root != nullptr, "run through ctest, which sets D2NN_SOURCE_DIR");
  std::ifstream file(std::string(root) + "/docs/ops.md");
  std::stringstream text;
  text << file.rdbuf();
  CHECK_MESSAGE(text.str() == d2nn::ops::ops_page(), "run the target update-ops-page");
}
