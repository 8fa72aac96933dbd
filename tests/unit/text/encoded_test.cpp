// Names of any bytes in JSON: see text/encoded.h.
#include "text/encoded.h"

#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

using namespace d2nn;
using Json = nlohmann::ordered_json;

TEST_CASE("every byte comes back from its percent-encoding, and what is no encoding is nothing") {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  CHECK(text::percent_encode("b\xFF/a b%.npy") == "b%FF/a%20b%25.npy");
  CHECK(text::percent_decode(text::percent_encode(all)) == all);
  for (const char* wrong : {"%", "a%2", "%G0", "%0g"}) CHECK_FALSE(text::percent_decode(wrong).has_value());
}

TEST_CASE("a name that is UTF-8 stands once, any other is shown and encoded beside") {
  Json json = Json::object();
  text::put(json, "file",
            "gr\xC3\xBC\xC3\x9F"
            "e%FF.d2nn");
  CHECK(json.dump() ==
        "{\"file\":\"gr\xC3\xBC\xC3\x9F"
        "e%FF.d2nn\"}");
  json = Json::object();
  text::put(json, "file", "b\xFF.d2nn");
  CHECK(json.dump() == "{\"file\":\"b\xEF\xBF\xBD.d2nn\",\"file_encoded\":\"b%FF.d2nn\"}");
  std::map<std::string, std::string> strings;
  text::put(strings, "a", "\xC0");
  CHECK(strings["a_encoded"] == "%C0");
}

TEST_CASE("a list is encoded as a whole when one of its words is not UTF-8") {
  Json json = Json::object();
  text::put_words(json, "flags", std::vector<std::string>{"-I/a", "-Lb"});
  CHECK(json.dump() == R"({"flags":["-I/a","-Lb"]})");
  text::put_words(json, "flags", std::vector<std::string>{"-I/\xFE", "-Lb"});
  CHECK(json["flags_encoded"] == Json{"-I/%FE", "-Lb"});
  CHECK(json["flags"] == Json{"-I/\xEF\xBF\xBD", "-Lb"});
}
