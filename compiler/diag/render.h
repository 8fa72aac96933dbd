// Diagnostics as people read them on a terminal. The only place that gives them this form (json.h is for tools).
//
//   high_low.d2nn:16:9: error[E0302]: shapes disagree along `N1 -> N2`
//      16 |   N1 -> N2, N3, Q;
//         |         ^^ receives f32[8, 28, 28]
//   high_low.d2nn:6:13: note: `groups: 3` needs a channel count divisible by 3
//       6 |   node N2 { conv(3x3, 12, groups: 3) -> relu }
//         |             ^^^^^^^^^^^^^^^^^^^^^^^^
//   fix: use `groups: 1`                                              (more: d2nn explain E0302)
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "diag/diagnostic.h"
#include "source/source_file.h"

namespace d2nn::diag {

enum class Colour { never, always };

struct RenderOptions {
  Colour colour = Colour::never;
  /// Diagnostics shown; a last line counts those left out.
  std::size_t limit = 20;
};

/// "error", "warning", "hint".
std::string_view spelling(Severity severity);

/// One diagnostic with its notes and fixes; ends with a line break. `explain` points to the long text of its code.
std::string render(const Diagnostic& diagnostic, const source::SourceFiles& files, const RenderOptions& options);

/// All of a sink in order of place, at most options.limit; empty when there is nothing to say.
std::string render(const Sink& sink, const source::SourceFiles& files, const RenderOptions& options);

}  // namespace d2nn::diag
