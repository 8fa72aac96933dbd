// What a Sink takes as said before.
#include <doctest/doctest.h>

#include <string>

#include "diag/catalogue.h"
#include "diag/diagnostic.h"

using namespace d2nn::diag;

namespace {

/// How many of two diagnostics at one place are kept; empty subjects where none is given.
std::size_t kept(const std::string& first, const std::string& second, const std::string& first_subject = "",
                 const std::string& second_subject = "", std::uint32_t second_begin = 3) {
  const auto made = [](const std::string& message, const std::string& subject, std::uint32_t begin) {
    return Diagnostic{
        .code = code("E0301"), .message = message, .range = {d2nn::source::FileId{}, begin, 9}, .subject = subject};
  };
  Sink sink;
  sink.report(made(first, first_subject, 3));
  sink.report(made(second, second_subject, second_begin));
  CHECK(sink.errors_reported() == 2);
  CHECK(sink.sorted().front().message == first);
  return sink.sorted().size();
}

}  // namespace

TEST_CASE("what has the subject of an earlier diagnostic at its place is one mistake, whatever the messages say") {
  CHECK(kept("`leaf[2]` has no output", "`leaf[17]` has no output", "leaf", "leaf") == 1);
  CHECK(kept("`leaf[2]` has no output", "`twig[2]` has no output", "leaf", "twig") == 2);
  CHECK(kept("`leaf[2]` has no output", "`leaf[3]` has no output", "leaf", "leaf", 4) == 2);
}

TEST_CASE("without a subject the message is compared as it is, digits and all") {
  CHECK(kept("gives f32[8]", "gives f32[8]") == 1);
  CHECK(kept("gives f32[8]", "gives f32[16]") == 2);
  CHECK(kept("`leaf[2]` has no output", "`leaf[17]` has no output") == 2);
}
