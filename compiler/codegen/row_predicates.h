// Which rows of a tile execute a node, or need its value: a loop over the rows that tests what is known of each. Equal
// predicates about different facts share one function, so that a network of a thousand conditional nodes has a handful
// of such loops, and its driver is calls and branches.
#pragma once

#include <llvm/IR/IRBuilder.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace d2nn::codegen {

/// A fact of every row: a flag of the frame is set (i8), or a control node took an action (i32).
struct RowFact {
  llvm::Value* rows = nullptr;  ///< address of row 0
  bool is_action = false;
  std::uint32_t action = 0;
};

/// The action of a control node leads on to the answer no (0), yes (1), or to an earlier decision (2: the first).
struct RowDecision {
  llvm::Value* actions = nullptr;   ///< address of row 0
  std::vector<std::uint32_t> next;  ///< by action; a row whose control node did not execute goes on as with action 0
};

/// Holds for a row when of each clause some fact holds, and the last decision, if there is any, ends in yes.
struct RowPredicate {
  std::vector<std::vector<RowFact>> clauses;
  std::vector<RowDecision> decisions;
};

class RowPredicates {
 public:
  /// `prefix` begins the names of the functions.
  RowPredicates(llvm::Module& module, std::string prefix) : module_(module), prefix_(std::move(prefix)) {}

  /// Emits a call that tests rows 0 .. total-1, total at least 1. The answers go to `flags` (i8 per
  /// row), the rows that it holds for to `list` (i32, ascending; as many places as there are rows); either may be null.
  /// Returns how many rows those are (i64).
  llvm::Value* test_rows(llvm::IRBuilder<>& b, const RowPredicate& predicate, llvm::Value* total, llvm::Value* flags,
                         llvm::Value* list);
  /// Emits a call that writes an action (i32 per row) where the flag is set and -1 elsewhere.
  void write_action(llvm::IRBuilder<>& b, llvm::Value* flags, llvm::Value* total, llvm::Value* actions,
                    std::uint32_t action);

 private:
  llvm::Function* make(const std::string& name, llvm::Type* result, const std::vector<llvm::Type*>& types);

  llvm::Module& module_;
  std::string prefix_;
  std::map<std::string, llvm::Function*> functions_;  // by the shape of their predicate
};

}  // namespace d2nn::codegen
