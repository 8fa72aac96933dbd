// The passes that make a plan out of a program, in their order. Each can be left out: what a plan computes, the paths
// it reports and what they cost are the same with any of them on or off, which the differential tests check.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string_view>

namespace d2nn::passes {

enum class Pass : std::uint8_t {
  drop_unused,
  move_into_branch,
  choose_exclusive,
  forward_edge,
  fold_norm,
  fuse_relu,
  fuse_pool,
};

struct PassInfo {
  Pass pass;
  const char* name;  ///< as `--disable-pass` takes it
  const char* doc;
};

/// All passes, in the order in which they run. Training's plan uses none of them.
inline constexpr auto pipeline = std::to_array<PassInfo>({
    {Pass::drop_unused, "drop-unused", "leave out what never executes and values that nothing needs"},
    {Pass::move_into_branch, "move-into-branch",
     "compute a value behind the decisions that settle whether it is needed"},
    {Pass::choose_exclusive, "choose-exclusive", "take the one branch that ran instead of adding zeros for the others"},
    {Pass::forward_edge, "forward-edge", "read the only source that a join can take, without a copy"},
    {Pass::fold_norm, "fold-norm", "multiply batch norm into the weights of the conv or dense before it"},
    {Pass::fuse_relu, "fuse-relu", "apply relu in the kernel of the conv or dense before it"},
    {Pass::fuse_pool, "fuse-pool", "pool in the kernel of the conv before it"},
});

/// Which passes run; all at first.
class PassSet {
 public:
  bool has(Pass pass) const { return !disabled_[static_cast<std::size_t>(pass)]; }
  void disable(Pass pass) { disabled_[static_cast<std::size_t>(pass)] = true; }

 private:
  std::bitset<pipeline.size()> disabled_;
};

/// The pass of that name, or nullptr.
constexpr const PassInfo* find_pass(std::string_view name) {
  for (const PassInfo& pass : pipeline) {
    if (name == pass.name) return &pass;
  }
  return nullptr;
}

}  // namespace d2nn::passes
