// What a build writes: text, an object, a library or an executable, and the header and manifest that go with libraries.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string_view>

#include "codegen/codegen.h"
#include "driver/build.h"
#include "driver/c_header.h"

namespace d2nn::driver {

/// What a program is on its way to code.
bool is_before_code(Emit emit);
/// Header and manifest go with these.
bool is_library(Emit emit);

/// True when every file of the build may be written, and none over another; else E0806 in the sink.
bool may_write_artefact(Checked& checked, const BuildRequest& request);

/// To the output of the request, which may be standard output. False when it cannot be written, which the sink says.
bool write_text(Checked& checked, const BuildRequest& request, std::string_view content);
/// What `emit` asks for, linked where it is to be.
bool write_artefact(Checked& checked, const BuildRequest& request, const codegen::CompiledModule& module);
/// OUT.h and OUT.json beside a library. `manifests`: of each network.
bool write_header_and_manifest(Checked& checked, const BuildRequest& request, std::span<const HeaderNetwork> networks,
                               const nlohmann::ordered_json& manifests);

}  // namespace d2nn::driver
