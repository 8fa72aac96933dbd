// Diagnostics for tools: `d2nn check --json`, the language server.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "diag/diagnostic.h"
#include "source/source_file.h"

namespace d2nn::diag {

/// An object: code, severity, message, label, then place, notes [{message, place}] and fixes [{message, applicable,
/// replacement, place}]. A place is {file, begin, end}, each end {line, column, offset}: line and column from 1, column
/// in code points, offset in bytes from 0; `end` is exclusive. Null when there is no place in a program. Bytes that are
/// not UTF-8 become U+FFFD; a file's name is then given in `file_encoded` too (text/encoded.h).
nlohmann::ordered_json to_json(const Diagnostic& diagnostic, const source::SourceFiles& files);

/// {"errors": count, "diagnostics": [...]}, all of them, in order of place.
nlohmann::ordered_json to_json(const Sink& sink, const source::SourceFiles& files);

}  // namespace d2nn::diag
