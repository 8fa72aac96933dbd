// What the tests of the formatter ask of every program: formatting twice is formatting once, the syntax tree is the
// same, and so are the comments.
#pragma once

#include <string>
#include <vector>

namespace d2nn::tests {

/// The text in canonical layout, or "error" lines when it does not parse.
std::string formatted(const std::string& text);

/// The comments of a sound text in order; blanks at the ends and the beginnings of their lines left out, and before
/// each a sign of where it stands: `|` on a line of its own, `>` behind code at the end of a line, `-` before code, `?`
/// behind a comma or `;` that may be left out.
std::vector<std::string> comments_of(const std::string& text);

/// The text without comments, blanks and what the formatter may leave out: commas before closing brackets, `;` before
/// `}`.
std::string code_of(const std::string& text);

/// Formats a sound text and says what is wrong with the result; empty when nothing is.
std::string faults_of_formatting(const std::string& text);

}  // namespace d2nn::tests
