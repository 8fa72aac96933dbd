// Messages on the wire: a header with the length, then JSON.
#pragma once

#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>

namespace d2nn::lsp {

using Json = nlohmann::json;

/// Longest message that is read; a client that announces more has lost its way.
inline constexpr std::size_t longest_message_bytes = std::size_t{64} << 20;

/// Deepest nesting of arrays and objects that is taken; JSON values are copied and written by recursion.
inline constexpr int deepest_nesting = 256;

enum class Received { message, end, broken_frame };

/// Reads one message's text. broken_frame: no length, or one beyond the limit, or the stream ended inside: nothing that
/// follows can be trusted.
Received read_message(std::istream& in, std::string& text);

/// The value that a message's text holds; discarded when it is not JSON or nested too deep.
Json parse_message(const std::string& text);

void write_message(std::ostream& out, const Json& message);

}  // namespace d2nn::lsp
