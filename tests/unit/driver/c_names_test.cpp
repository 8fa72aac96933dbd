// Identifiers for generated C: what is reserved, what was given already, what folds to one name.
#include "driver/c_names.h"

#include <doctest/doctest.h>

using d2nn::driver::CNames;
using d2nn::driver::fold_injectively;
using d2nn::driver::fold_to_identifier;

TEST_CASE("words of C and C++, macros and types get an underscore, other names stay") {
  CNames names{"context"};
  for (const char* word : {"int", "class", "co_await", "xor_eq", "NULL", "size_t", "linux", "context"}) {
    CAPTURE(word);
    CHECK(names.take(word) == word + std::string("_"));
  }
  for (const char* word : {"image", "Int", "scores", "xor_", "null"}) CHECK(names.take(word) == word);
}

TEST_CASE("names that begin like the C library's or d2nn/d2nn.h's begin otherwise") {
  CNames names{};
  CHECK(names.take("__LINE__") == "n___LINE__");
  CHECK(names.take("_Bool") == "n__Bool");
  CHECK(names.take("d2nn_run") == "n_d2nn_run");
  CHECK(names.take("D2NN_OK") == "n_D2NN_OK");
}

TEST_CASE("a name is given once") {
  CNames names{};
  CHECK(names.take(fold_to_identifier("leaf[2]")) == "leaf_2");
  CHECK(names.take("leaf_2") == "leaf_2_");
  CHECK(names.take("leaf_2") == "leaf_2__");
}

TEST_CASE("include guards of different files differ") {
  CHECK(fold_injectively("net2") == "net2");
  CHECK(fold_injectively("a-b") == "a_2Db");
  CHECK(fold_injectively("a_2Db") == "a_5F2Db");
  CHECK(fold_injectively("Net") != fold_injectively("net"));
}
