#include "app/run_files.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "exec/context.h"
#include "io/npy.h"
#include "io/trace_json.h"

namespace d2nn::app {
namespace {

std::span<const std::int64_t> shape_of(const d2nn_tensor_info& tensor) {
  return {tensor.dims, tensor.rank};
}

Status invalid(std::string message) {
  return {D2NN_INVALID_ARGUMENT, std::move(message)};
}

std::string input_names(const d2nn_module& module) {
  std::string names;
  for (std::uint32_t i = 0; i < module.input_count; ++i) {
    names += std::string(i == 0 ? "" : ", ") + "`" + module.inputs[i].name + "`";
  }
  return names;
}

/// The path for each input of the module, in its order.
Result<std::vector<std::string>> match_inputs(const d2nn_module& module, const std::vector<InputPath>& inputs) {
  std::vector<std::optional<std::string>> paths(module.input_count);
  for (const InputPath& input : inputs) {
    std::uint32_t index = 0;
    if (!input.name.empty()) {
      while (index < module.input_count && input.name != module.inputs[index].name) ++index;
      if (index == module.input_count) {
        return invalid("the network `" + std::string(module.name) + "` has no input `" + input.name + "`, it has " +
                       input_names(module));
      }
    } else if (module.input_count != 1) {
      return invalid("the network `" + std::string(module.name) + "` has " + std::to_string(module.input_count) +
                     " inputs (" + input_names(module) + "): say which one `" + input.path +
                     "` is for, with --input NAME=" + input.path);
    }
    if (paths[index].has_value())
      return invalid("the input `" + std::string(module.inputs[index].name) + "` is given twice");
    paths[index] = input.path;
  }
  std::vector<std::string> found;
  for (std::uint32_t i = 0; i < module.input_count; ++i) {
    if (!paths[i].has_value()) {
      const std::string name = module.inputs[i].name;
      return invalid("the input `" + name + "` is missing: give it with --input " + name + "=FILE.npy");
    }
    found.push_back(*paths[i]);
  }
  return found;
}

}  // namespace

Result<std::vector<io::NpyReader>> open_inputs(const d2nn_module& module, const std::vector<InputPath>& inputs) {
  Result<std::vector<std::string>> paths = match_inputs(module, inputs);
  if (!paths.ok()) return paths.status();
  std::vector<io::NpyReader> readers;
  for (std::uint32_t i = 0; i < module.input_count; ++i) {
    Result<io::NpyReader> reader = io::NpyReader::open((*paths)[i], shape_of(module.inputs[i]));
    if (!reader.ok()) return reader.status();
    if (i > 0 && reader->samples() != readers[0].samples()) {
      return invalid("`" + reader->path() + "` has " + std::to_string(reader->samples()) + " samples, `" +
                     readers[0].path() + "` has " + std::to_string(readers[0].samples()) +
                     ": inputs must have equally many");
    }
    readers.push_back(*std::move(reader));
  }
  return readers;
}

namespace {

/// Samples per run: whole tiles, about 64 MB of buffers. Depends on the module only, so that results do too.
std::size_t chunk_rows(const d2nn_module& module) {
  constexpr std::int64_t target_floats = 1 << 24;
  constexpr std::int64_t most = 1024;
  std::int64_t floats = 1;
  for (std::uint32_t i = 0; i < module.input_count; ++i) floats += module.inputs[i].elements;
  for (std::uint32_t i = 0; i < module.output_count; ++i) floats += module.outputs[i].elements;
  const std::int64_t rows = std::min(most, target_floats / floats);
  return static_cast<std::size_t>(std::max(module.tile_rows, rows / module.tile_rows * module.tile_rows));
}

/// The buffers of one chunk.
struct Chunk {
  Chunk(const d2nn_module& module, std::size_t rows) {
    for (std::uint32_t i = 0; i < module.input_count; ++i) {
      inputs.emplace_back(rows * static_cast<std::size_t>(module.inputs[i].elements));
      input_pointers.push_back(inputs.back().data());
    }
    for (std::uint32_t i = 0; i < module.output_count; ++i) {
      outputs.emplace_back(rows * static_cast<std::size_t>(module.outputs[i].elements));
      output_pointers.push_back(outputs.back().data());
      valid.emplace_back(rows);
      valid_pointers.push_back(valid.back().data());
    }
    actions.resize(
        std::max<std::size_t>(1, rows * module.control_count));  // never without memory: NULL would mean "not wanted"
    executed.resize(std::max<std::size_t>(1, rows * module.node_count));
    cost.resize(rows);
    trace = {sizeof(trace), actions.data(), executed.data(), cost.data()};
  }

  std::vector<std::vector<float>> inputs, outputs;
  std::vector<const float*> input_pointers;
  std::vector<float*> output_pointers;
  std::vector<std::vector<std::uint8_t>> valid;
  std::vector<std::uint8_t*> valid_pointers;
  std::vector<std::int32_t> actions;
  std::vector<std::uint8_t> executed;
  std::vector<std::int64_t> cost;
  d2nn_trace trace{};
};

/// The files being written; nothing stands under its name before finish().
struct Writers {
  std::vector<io::NpyWriter> outputs;
  std::optional<io::TraceWriter> trace;
};

Result<Writers> open_writers(const d2nn_module& module, const RunFiles& files, std::int64_t samples) {
  Writers writers;
  for (std::uint32_t i = 0; i < module.output_count; ++i) {
    Result<io::NpyWriter> writer =
        io::NpyWriter::create(output_path(module, i, files.output), samples, shape_of(module.outputs[i]));
    if (!writer.ok()) return writer.status();
    writers.outputs.push_back(*std::move(writer));
  }
  if (!files.trace.empty()) {
    Result<io::TraceWriter> trace = io::TraceWriter::create(files.trace, module);
    if (!trace.ok()) return trace.status();
    writers.trace = *std::move(trace);
  }
  return writers;
}

Status write_chunk(Writers& writers, const Chunk& chunk, std::size_t rows) {
  for (std::size_t i = 0; i < writers.outputs.size(); ++i) {
    if (Status status = writers.outputs[i].append(chunk.outputs[i].data(), static_cast<std::int64_t>(rows));
        !status.ok()) {
      return status;
    }
  }
  return writers.trace.has_value() ? writers.trace->append(rows, chunk.trace, chunk.valid_pointers.data()) : Status{};
}

Status finish(Writers& writers) {
  for (io::NpyWriter& writer : writers.outputs) {
    if (Status status = writer.finish(); !status.ok()) return status;
  }
  return writers.trace.has_value() ? writers.trace->finish() : Status{};
}

}  // namespace

std::string output_path(const d2nn_module& module, std::size_t index, const std::string& path) {
  if (module.output_count == 1) return path;
  const bool has_extension = path.size() > 4 && path.ends_with(".npy");
  return (has_extension ? path.substr(0, path.size() - 4) : path) + "." + module.outputs[index].name + ".npy";
}

Result<RunFilesSummary> run_files(const exec::Model& model, const RunFiles& files) {
  const d2nn_module& module = model.module();
  Result<std::vector<io::NpyReader>> readers = open_inputs(module, files.inputs);
  if (!readers.ok()) return readers.status();
  const std::int64_t samples = readers->empty() ? 1 : readers->front().samples();
  const std::size_t most = std::min(chunk_rows(module), static_cast<std::size_t>(samples));
  Result<std::unique_ptr<exec::Context>> context = exec::Context::create(model, most, files.threads);
  if (!context.ok()) return context.status();
  Result<Writers> writers = open_writers(module, files, samples);
  if (!writers.ok()) return writers.status();

  Chunk chunk(module, most);
  RunFilesSummary summary;
  while (summary.samples < samples) {
    const std::size_t rows = std::min(most, static_cast<std::size_t>(samples - summary.samples));
    for (std::size_t i = 0; i < readers->size(); ++i) {
      Status status = (*readers)[i].read(summary.samples, static_cast<std::int64_t>(rows), chunk.inputs[i].data());
      if (!status.ok()) return status;
    }
    Status status = (*context)->run({.batch = rows,
                                     .inputs = chunk.input_pointers.data(),
                                     .outputs = chunk.output_pointers.data(),
                                     .valid = chunk.valid_pointers.data(),
                                     .trace = &chunk.trace,
                                     .threads = 0,
                                     .cost_budget = files.max_cost,
                                     .first_sample = static_cast<std::size_t>(summary.samples)});
    if (!status.ok()) return status;
    if (Status written = write_chunk(*writers, chunk, rows); !written.ok()) return written;
    for (std::size_t row = 0; row < rows; ++row) summary.total_cost += chunk.cost[row];
    summary.samples += static_cast<std::int64_t>(rows);
  }
  if (Status status = finish(*writers); !status.ok()) return status;
  for (std::size_t i = 0; i < module.output_count; ++i) summary.written.push_back(output_path(module, i, files.output));
  if (!files.trace.empty()) summary.written.push_back(files.trace);
  return summary;
}

}  // namespace d2nn::app
