// What a body generator puts around layers: blocks, repetitions, choices, lists.
#include <algorithm>

#include "differential/body_generator.h"

namespace d2nn::differential {

using ops::Shape;

Piece BodyGenerator::hidden(const Piece& pipeline, const Shape& input) {
  if (pipeline.text.empty()) return pipeline;
  const std::string layers = pipeline.text.substr(4);  // without the first arrow
  if (pipeline.shape == input && random_.one_in(5)) return {" -> " + repeated(layers), pipeline.shape};
  if (random_.one_in(10)) return {" -> " + chosen(layers), pipeline.shape};
  return random_.one_in(4) ? Piece{" -> " + in_a_block(layers), pipeline.shape} : pipeline;
}

std::string BodyGenerator::repeated(const std::string& layers) {
  count("repeat");
  // Over a range; its index chooses. Several batch_norms on rows that are nearly alike magnify roundings.
  if (random_.one_in(3) && layers.find("batch_norm") == std::string::npos) {
    count("repeat over a range");
    const std::int64_t begin = random_.between(-1, 2);
    return "repeat i in " + std::to_string(begin) + ".." + std::to_string(begin + random_.between(1, 3)) +
           " { if i % 2 == 0 { " + layers + " } else { " + layers + " -> tanh } }";
  }
  const bool adds = random_.one_in(3);  // an expression over what flows in
  std::string text =
      "repeat " + std::to_string(random_.between(1, 2)) + " { " + layers + (adds ? " + identity" : "") + " }";
  if (random_.one_in(3)) text += " as stage" + std::to_string(++labels_) + (random_.one_in(2) ? " from 1" : "");
  return text;
}

std::string BodyGenerator::in_a_block(const std::string& layers) {
  count("block");
  const std::string name = "block" + std::to_string(block_count_++);
  std::string body = layers;
  std::string parameters, arguments;
  for (const char* call : {"dense(", "leaky_relu(slope: "}) {
    const std::size_t begin = body.find(call);
    if (begin == std::string::npos) continue;
    const std::size_t number = begin + std::string(call).size();
    const std::size_t end = body.find_first_of(",)", number);
    const bool is_float = call[0] == 'l';
    arguments = (random_.one_in(2) ? "k: " : "") + body.substr(number, end - number);
    parameters = is_float ? "k: float" : "k: int = 5";
    body.replace(number, end - number, "k");
    count("block parameter");
    break;
  }
  const bool is_unnamed = random_.one_in(4);
  blocks_ += "block " + name + "(" + parameters + ")" + (is_unnamed ? " { " : "(x) { x -> ") + body + " }\n";
  const bool has_label = random_.one_in(4);
  return name + (arguments.empty() && random_.one_in(2) && !has_label ? "" : "(" + arguments + ")") +
         (has_label ? " as stage" + std::to_string(++labels_) : "");
}

/// The layers in the branch that is taken; the other one is read for its grammar alone.
std::string BodyGenerator::chosen(const std::string& layers) {
  count("if");
  const std::string other = random_.one_in(2) ? "reshape(7x11x13x17)" : "dense(1 / 0) -> nothing";
  switch (random_.below(3)) {
    case 0:
      return "if 2 > 1 { " + layers + " } else { " + other + " }";
    case 1:
      return "if false { " + other + " } else if 3 == 3 { " + layers + " } else { " + other + " }";
    default:
      return layers + " -> if 1 > 2 { " + other + " }";
  }
}

/// Layers along the last axis whose sizes stand in a list: a constant, or a parameter of a block; or one whose size is
/// that of an axis.
Piece BodyGenerator::over_a_list(const Shape& input) {
  Shape shape = input;
  const std::string number = std::to_string(block_count_++);
  if (random_.one_in(3)) {
    count("size of an axis");
    const std::size_t axis = random_.below(input.rank());
    shape.dims.back() = input.dims[axis];
    blocks_ +=
        "block sized" + number + "(units: int = size(x, " + std::to_string(axis) + "))(x) { x -> linear(units) }\n";
    if (shape.elements() <= most_elements) return {"sized" + number, shape};
    shape = input;
  }
  count("list");
  std::string list = "[";
  const std::size_t rounds = 1 + random_.below(3);
  for (std::size_t i = 0; i < rounds; ++i) {
    shape.dims.back() =
        random_.between(i + 1 < rounds ? 1 : 2, i + 1 < rounds ? 9 : std::clamp<std::int64_t>(input.dims.back(), 2, 9));
    list += (i > 0 ? ", " : "") + std::to_string(shape.dims.back());
  }
  list += "]";
  const auto layers = [&](const std::string& name) {
    return "repeat i in 0..len(" + name + ") { linear(" + name + "[i]) -> if i > 0 { relu6 } }";
  };
  if (random_.one_in(2)) {
    blocks_ += "const list" + number + " = " + list + ";\n";
    return {layers("list" + number), shape};
  }
  blocks_ += "block listed" + number + "(units: list)(x) { x -> " + layers("units") + " }\n";
  return {"listed" + number + "(" + list + ")", shape};
}

}  // namespace d2nn::differential
