// Can this processor run code that was compiled for given LLVM target features?
#pragma once

#include <string>
#include <string_view>

namespace d2nn::exec {

/// True when the host has the feature of this LLVM name ("avx512vl") and the system saves the registers it uses. Names
/// that this file does not know answer true: they are features from which a compiler chooses no instructions by itself
/// ("cx8", "fxsr").
bool host_has_feature(std::string_view name);

/// Of a list like "+avx2,+fma,-sse4a", the required features (+) that `has` denies, as "avx2, fma"; empty when all are
/// there.
std::string missing_features(std::string_view target_features, bool (*has)(std::string_view) = host_has_feature);

}  // namespace d2nn::exec
