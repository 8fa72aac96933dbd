// "Did you mean" under the name by which the compiler's rooms call it; the measure itself is shared with the runtime.
#pragma once

#include "text/spelling.h"

namespace d2nn::diag {

using text::closest;
using text::is_name_char;

}  // namespace d2nn::diag
