// Turns instances of the C structs of d2nn/module.h into LLVM constants. The struct is copied byte for byte as this
// compiler lays it out, and the places of its pointers are listed: so the layout is written down once, in module.h, and
// nowhere again. Holds for targets with 64-bit little-endian pointers, which is what the compiler accepts (target.h).
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace llvm {
class Constant;
class Module;
}  // namespace llvm

namespace d2nn::codegen {

/// A pointer inside an image: its byte offset and what it points to.
struct Relocation {
  std::size_t offset = 0;
  llvm::Constant* target = nullptr;
};

/// The bytes of one struct or of an array of them, and its pointers.
class Image {
 public:
  /// Appends a struct; `pointers` are relative to its begin. The pointer members in `value` itself must be null.
  template <class T>
  void append(const T& value, std::span<const Relocation> pointers = {}) {
    static_assert(std::is_trivially_copyable_v<T>);
    const std::size_t begin = bytes_.size();
    bytes_.resize(begin + sizeof(T));
    std::memcpy(bytes_.data() + begin, &value, sizeof(T));
    for (const Relocation& pointer : pointers) {
      if (pointer.target) relocations_.push_back({begin + pointer.offset, pointer.target});
    }
  }
  template <class T>
  void append(const T& value, std::initializer_list<Relocation> pointers) {
    append(value, std::span<const Relocation>(pointers.begin(), pointers.size()));
  }

  bool is_empty() const { return bytes_.empty(); }

 private:
  friend class ConstantTables;
  std::vector<char> bytes_;
  std::vector<Relocation> relocations_;  // ascending offsets within each struct
};

/// Makes private constants of one module. Every function returns a pointer constant; empty arrays give null.
class ConstantTables {
 public:
  explicit ConstantTables(llvm::Module& module) : module_(module) {}

  llvm::Constant* string(std::string_view text);
  llvm::Constant* floats(std::span<const float> values);
  llvm::Constant* integers(std::span<const std::uint32_t> values);
  llvm::Constant* integers(std::span<const std::int64_t> values);
  llvm::Constant* bytes(std::span<const char> values, std::string_view name);
  llvm::Constant* image(const Image& image, std::string_view name);

 private:
  llvm::Constant* global(llvm::Constant* initial, std::string_view name, unsigned align);

  llvm::Module& module_;
};

}  // namespace d2nn::codegen
