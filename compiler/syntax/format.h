// The one canonical layout of a program (docs/language.md, "Layout"): what `d2nn fmt` writes and the editor applies.
// Only blanks, line breaks, trailing commas and the `;` behind a bare result change; every comment stays at its place
// (blanks at the ends of its lines go).
#pragma once

#include <optional>
#include <string>

#include "diag/diagnostic.h"
#include "source/source_file.h"

namespace d2nn::syntax {

/// Columns that code keeps to where it can be broken; comments are never broken.
inline constexpr int layout_columns = 100;

/// The text of a file in canonical layout, empty or ending in a line feed. A file that does not parse gives nullopt and
/// its diagnostics in `sink` (E01xx), as parse() reports them. Formatting the result again changes nothing, and it
/// parses to the same syntax tree.
std::optional<std::string> format(const source::SourceFiles& files, source::FileId file, diag::Sink& sink);

}  // namespace d2nn::syntax
