// Where a layer's argument is kept: the one map from a parameter's name in the op table to its field of OpAttrs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ops/op_table.h"

namespace d2nn::ops {

/// The field of an argument; the alternative is that of the parameter's type, in the order of ParamType.
using AttributePtr =
    std::variant<Extent*, std::int64_t*, bool*, double*, std::vector<std::int64_t>*, std::vector<double>*>;

/// The field of `attrs` that holds the argument `name` of any layer of the table. The name must be one of a table row.
AttributePtr attribute(OpAttrs& attrs, std::string_view name);

/// The arguments of a layer as written in the language, without those that have their default:
/// "3x3, 8, stride: 2, pad: 1"; empty when there are none.
std::string arguments_text(OpKind kind, const OpAttrs& attrs);

/// "conv(kernel, filters, stride: 1, pad: 0, dilation: 1, groups: 1, bias: true)".
std::string signature_text(const OpInfo& layer);

/// A shortest text that reads back as the same number, with digits on both sides of a point: "0.1", "2.0", "1e-05".
std::string number_text(double value);

}  // namespace d2nn::ops
