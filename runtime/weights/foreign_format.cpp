// See foreign_format.h. torch.save writes a zip whose first member is NAME/data.pkl; before PyTorch 1.6 it wrote a
// pickle.
#include "weights/foreign_format.h"

#include <array>

namespace d2nn::weights {
namespace {

struct Format {
  std::string_view mark;   // the first bytes
  std::string_view words;  // what it is and the way out
};

constexpr std::array<Format, 8> formats = {{
    {"\x93NUMPY",
     "is an npy file, one array: weights need a name for each tensor; in Python "
     "`safetensors.numpy.save_file({\"NAME\": numpy.load(...), ...}, \"w.safetensors\")` writes them"},
    {"\x89HDF\r\n\x1a\n",
     "is an HDF5 file (Keras, h5py), no safetensors file: write its arrays in Python with "
     "`safetensors.numpy.save_file({\"NAME\": array, ...}, \"w.safetensors\")`"},
    {"GGUF", "is a GGUF file, no safetensors file: take the model's safetensors"},
    {"\x1f\x8b", "is compressed with gzip: unpack it first, with `gunzip`"},
    {"version https://git-lfs", "is a pointer of Git LFS, not the weights: fetch them with `git lfs pull`"},
    {"<!DOCTYPE", "is a web page, not the weights: the download went wrong"},
    {"<!doctype", "is a web page, not the weights: the download went wrong"},
    {"<html", "is a web page, not the weights: the download went wrong"},
}};

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

std::string foreign_format(std::string_view begin, const std::string& name) {
  const std::string torch =
      "no safetensors file: convert it in Python with `safetensors.torch.save_file(torch.load(\"" + name +
      "\", weights_only=True), \"w.safetensors\")` (of a whole model its `state_dict()`), then use "
      "`d2nn import`";
  if (begin.starts_with("PK\x03\x04")) {
    if (has(begin, "data.pkl") || has(begin, ".format_version") || has(begin, "constants.pkl"))
      return "is a file of torch.save (a zip), " + torch;
    if (has(begin, ".npy")) {
      return "is an npz file (a zip), no safetensors file: convert it in Python with "
             "`safetensors.numpy.save_file(dict(numpy.load(\"" +
             name + "\")), \"w.safetensors\")`";
    }
    return "is a zip archive, no safetensors file: unpack it, or, if torch.save wrote it, convert it with "
           "`safetensors.torch.save_file`";
  }
  const bool is_pickle = begin.size() > 2 && begin[0] == '\x80' && begin[1] >= 2 && begin[1] <= 5;
  if (is_pickle) return "is a pickle, as torch.save wrote before PyTorch 1.6, " + torch;
  // ModelProto: ir_version, a small number, then producer_name.
  const bool is_onnx = begin.size() > 3 && begin[0] == '\x08' && begin[1] < 0x20 && begin[2] == '\x12';
  if (is_onnx) {
    return "looks like an ONNX model, no safetensors file: write the weights from the framework that made it, with "
           "`safetensors.torch.save_file`";
  }
  for (const Format& format : formats) {
    if (begin.starts_with(format.mark)) return std::string(format.words);
  }
  return {};
}

}  // namespace d2nn::weights
