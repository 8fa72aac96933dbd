// System libraries that the runtime's archives need, in link order.
#pragma once

namespace d2nn::codegen {

inline constexpr const char* runtime_libraries[] = {"-ldnnl", "-lgomp", "-lstdc++", "-lm", "-lpthread"};
inline constexpr const char* app_libraries[] = {"-ldnnl", "-lgomp",   "-ljpeg", "-lpng",    "-larchive",
                                                "-lz",    "-lstdc++", "-lm",    "-lpthread"};

}  // namespace d2nn::codegen
