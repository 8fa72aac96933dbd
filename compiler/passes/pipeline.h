// The passes that make a plan better, in their order. Each can be left out: what a plan computes, the paths it reports
// and what they cost are the same with any of them on or off, which the differential tests check.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string_view>

namespace d2nn::passes {

struct Plan;
struct PassContext;

// Each in a file of its own.
void drop_unused(Plan& plan, const PassContext& context);
void move_into_branch(Plan& plan, const PassContext& context);
void choose_exclusive(Plan& plan, const PassContext& context);
void forward_edge(Plan& plan, const PassContext& context);
void fold_norm(Plan& plan, const PassContext& context);
void fuse_chain(Plan& plan, const PassContext& context);
void fuse_pointwise(Plan& plan, const PassContext& context);
void fuse_pool(Plan& plan, const PassContext& context);
void place_memory(Plan& plan, const PassContext& context);

enum class Pass : std::uint8_t {
  drop_unused,
  move_into_branch,
  choose_exclusive,
  forward_edge,
  fold_norm,
  fuse_chain,
  fuse_pointwise,
  fuse_pool,
  place_memory,
};

struct PassInfo {
  Pass pass;
  const char* name;  ///< as `--disable-pass` and `--print-after` take it
  void (*run)(Plan&, const PassContext&);
  const char* doc;
};

/// All passes, in the order in which they run. A plan for training goes through none of them.
inline constexpr auto pipeline = std::to_array<PassInfo>({
    {Pass::drop_unused, "drop-unused", drop_unused, "leave out what never executes and values that nothing needs"},
    {Pass::move_into_branch, "move-into-branch", move_into_branch,
     "compute a value behind the decisions that settle whether it is needed"},
    {Pass::choose_exclusive, "choose-exclusive", choose_exclusive,
     "take the one branch that ran instead of adding zeros for the others"},
    {Pass::forward_edge, "forward-edge", forward_edge, "read the only source that a join can take, without a copy"},
    {Pass::fold_norm, "fold-norm", fold_norm, "multiply batch norm into the weights of the conv or dense before it"},
    {Pass::fuse_chain, "fuse-chain", fuse_chain,
     "compute layers that are arithmetic and follow each other in one loop"},
    {Pass::fuse_pointwise, "fuse-pointwise", fuse_pointwise,
     "apply what works on each element in the kernel of the conv, dense or matrix product before it"},
    {Pass::fuse_pool, "fuse-pool", fuse_pool, "pool in the kernel of the conv before it"},
    {Pass::place_memory, "place-memory", place_memory,
     "let tensors that are never needed together stand in one place, and keep what one row alone needs out of tiles"},
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
