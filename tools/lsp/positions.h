// Places as the protocol counts them, lines from 0 and UTF-16 units, against ours, bytes of the file.
#pragma once

#include <cstdint>

#include "lsp/transport.h"
#include "source/source_file.h"

namespace d2nn::lsp {

/// {"line", "character"} of a byte offset.
Json to_position(const source::SourceFile& file, std::uint32_t offset);
/// {"start", "end"}.
Json to_range(const source::SourceFile& file, source::SourceRange range);
/// The byte offset of {"line", "character"}; places behind a line's or the file's end give that end. Throws Json's
/// exceptions when it is no position.
std::uint32_t to_offset(const source::SourceFile& file, const Json& position);

}  // namespace d2nn::lsp
