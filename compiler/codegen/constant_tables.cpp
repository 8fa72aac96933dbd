// An image becomes a packed struct of byte runs and pointers.
#include "codegen/constant_tables.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/GlobalVariable.h>
#include <llvm/IR/Module.h>

#include <algorithm>

namespace d2nn::codegen {

llvm::Constant* ConstantTables::global(llvm::Constant* initial, std::string_view name, unsigned align) {
  auto* variable =
      new llvm::GlobalVariable(module_, initial->getType(), /*isConstant=*/true, llvm::GlobalValue::PrivateLinkage,
                               initial, llvm::StringRef(name.data(), name.size()));
  variable->setAlignment(llvm::Align(align));
  variable->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
  return variable;
}

llvm::Constant* ConstantTables::string(std::string_view text) {
  return global(llvm::ConstantDataArray::getString(module_.getContext(), llvm::StringRef(text.data(), text.size())),
                "text", 1);
}

llvm::Constant* ConstantTables::floats(std::span<const float> values) {
  if (values.empty()) return nullptr;
  return global(llvm::ConstantDataArray::get(module_.getContext(), llvm::ArrayRef<float>(values.data(), values.size())),
                "values", 64);
}

llvm::Constant* ConstantTables::integers(std::span<const std::uint32_t> values) {
  if (values.empty()) return nullptr;
  return global(
      llvm::ConstantDataArray::get(module_.getContext(), llvm::ArrayRef<std::uint32_t>(values.data(), values.size())),
      "indices", 4);
}

llvm::Constant* ConstantTables::integers(std::span<const std::int64_t> values) {
  if (values.empty()) return nullptr;
  const std::vector<std::uint64_t> bits(values.begin(), values.end());
  return global(llvm::ConstantDataArray::get(module_.getContext(), llvm::ArrayRef<std::uint64_t>(bits)), "dims", 8);
}

llvm::Constant* ConstantTables::bytes(std::span<const char> values, std::string_view name) {
  if (values.empty()) return nullptr;
  return global(llvm::ConstantDataArray::getRaw(llvm::StringRef(values.data(), values.size()), values.size(),
                                                llvm::Type::getInt8Ty(module_.getContext())),
                name, 64);
}

llvm::Constant* ConstantTables::image(const Image& image, std::string_view name) {
  if (image.is_empty()) return nullptr;
  auto relocations = image.relocations_;
  std::sort(relocations.begin(), relocations.end(),
            [](const Relocation& a, const Relocation& b) { return a.offset < b.offset; });
  std::vector<llvm::Constant*> fields;
  std::size_t position = 0;
  const auto add_bytes = [&](std::size_t end) {
    if (end == position) return;
    const llvm::StringRef run(image.bytes_.data() + position, end - position);
    fields.push_back(llvm::ConstantDataArray::getRaw(run, run.size(), llvm::Type::getInt8Ty(module_.getContext())));
  };
  for (const Relocation& relocation : relocations) {
    add_bytes(relocation.offset);
    fields.push_back(relocation.target);
    position = relocation.offset + sizeof(void*);
  }
  add_bytes(image.bytes_.size());
  return global(llvm::ConstantStruct::getAnon(module_.getContext(), fields, /*Packed=*/true), name, 8);
}

}  // namespace d2nn::codegen
