// UTF-8 under the name by which the compiler's rooms call it; the reading itself is shared with the runtime.
#pragma once

#include "text/utf8.h"

namespace d2nn::source {

using text::byte_order_mark;
using text::CodePoint;
using text::count_code_points;
using text::decode_utf8;

}  // namespace d2nn::source
